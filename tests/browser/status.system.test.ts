/// <reference lib="dom" />
/** What runs, what changed and who did it, as the console tells it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { OpenBrowser } from "./open-browser.ts";
import { openConsole, signIn } from "./open-console.ts";
import type { Program } from "./start-program.ts";
import { looksRight } from "./violations.ts";

describe("status in the console", { timeout: 120_000 }, () => {
  const bed = new AsyncDisposableStack();
  let program: Program;
  let browser: OpenBrowser;
  let page: Page;

  before(async () => {
    const opened = await openConsole(bed);
    ({ program, page, browser } = opened);
    await signIn(opened);
  });

  after(() => bed.disposeAsync());

  test("names every component with what it needs, the leader and the processors", async () => {
    await page.getByRole("link", { name: "Status" }).click();
    const redis = page.getByRole("table", { name: "Components" }).getByRole("row", { name: /^redis/ });
    await redis.getByText("healthy").waitFor();
    assert.match((await redis.locator("td[data-label=Process]").textContent()) ?? "", /^\d+$/);
    const streams = page.getByRole("row", { name: /^streams/ });
    assert.equal(await streams.locator("td[data-label=Needs]").textContent(), "redis");
    await page.getByText("leads", { exact: true }).first().waitFor();
    const processors = page.getByRole("table", { name: "Processors" });
    for (const group of ["metrics-group", "alert-group"]) await processors.getByText(group).first().waitFor();
    await processors.getByText("this one").first().waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("tells every change of a component's state", async () => {
    await page.getByRole("link", { name: "Changes" }).click();
    await page.getByLabel("Component").selectOption("streams");
    const changes = page.getByRole("table", { name: "Changes of state" });
    await changes.getByText("healthy").first().waitFor();
    assert.equal(await changes.getByRole("row", { name: /redis/ }).count(), 0);
    assert.match(page.url(), /component=streams/);
    assert.deepEqual(await looksRight(page), []);
  });

  test("tells who did what", async () => {
    await program.request("POST", "/api/v1/messages", { topic: "orders", type: "order_created", data: {} });
    await page.goto(`${program.url}/status?view=audit`);
    await page.getByRole("row", { name: /admin created messages done/ }).waitFor();
    await page.getByLabel("Result").selectOption("denied");
    await page.getByText("No entry fits").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("button", { name: "created", exact: true }).first().click();
    assert.match(page.url(), /action=created/);
    assert.deepEqual(await looksRight(page), []);
  });

  test("printed no error and broke no content policy", () => {
    assert.deepEqual(browser.complaints, []);
  });
});
