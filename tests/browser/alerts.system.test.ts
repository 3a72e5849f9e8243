/// <reference lib="dom" />
/** An alert from the rule somebody writes to the webhook that hears of it, and what an operator does in between. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Tide } from "@tidegate/streams";
import type { Page } from "playwright-core";
import type { OpenBrowser } from "./open-browser.ts";
import { openConsole, signIn } from "./open-console.ts";
import type { Program } from "./start-program.ts";
import { looksRight } from "./violations.ts";

describe("alerts in the console", { timeout: 180_000 }, () => {
  const bed = new AsyncDisposableStack();
  let program: Program;
  let browser: OpenBrowser;
  let page: Page;
  let tide: Tide;
  let hook: Hook;

  before(async () => {
    hook = bed.use(await listen());
    const opened = await openConsole(bed);
    ({ program, page, browser, tide } = opened);
    await signIn(opened);
  });

  after(() => bed.disposeAsync());

  const open = (search: string) => page.goto(`${program.url}/alerts${search}`);

  test("a destination is made and tested", async () => {
    await open("?tab=destinations");
    await page.getByRole("button", { name: "New destination" }).click();
    await page.getByLabel("Id", { exact: true }).fill("on-call");
    await page.getByLabel("URL").fill(hook.url);
    await page.getByLabel(/private network/).check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Test on-call" }).click();
    await page.getByText("Sent a test to on-call").waitFor();
    assert.deepEqual(hook.events, ["test"]);
    await page.getByRole("cell", { name: /delivered/ }).waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("a rule says what is missing, shows what it would have done, and is saved", async () => {
    const till = tide.logger("till");
    for (let n = 0; n < 3; n++) till.error("the drawer is stuck", { n });
    await tide.flush();
    await open("?tab=rules");
    await page.getByRole("button", { name: "New rule" }).click();
    await page.getByText("Give it a name.").waitFor();
    await page.getByLabel("Name").fill("Drawer stuck");
    await page.getByLabel("Watches").selectOption("log");
    await page.getByLabel("Where").fill("component till");
    await page.getByText('"component till" is not a condition').waitFor();
    assert.ok(await page.getByRole("button", { name: "Save" }).isDisabled());
    await page.getByLabel("Where").fill("component == till");
    await page.getByLabel("So many").fill("3");
    await page.getByText("It would have fired once.").waitFor();
    assert.deepEqual(await looksRight(page), []);
    await page.getByLabel("So many").fill("5");
    await page.getByText("It would not have fired.").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("row", { name: /Drawer stuck 5 × log ≥ error where component == till/ }).waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("it fires, everything shows it, and the destination hears of it", async () => {
    const till = tide.logger("till");
    for (let n = 0; n < 5; n++) till.error("the drawer is stuck", { n });
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await page.locator(".problems").getByText("Drawer stuck").waitFor();
    await page.getByLabel(/^\d+ firing$/).waitFor();
    await hook.heard("alert_firing");
    await page.locator(".problems").getByText("Drawer stuck").click();
    const alert = page.locator(".alerts li", { hasText: "Drawer stuck" });
    await alert.getByText("firing", { exact: true }).waitFor();
    await alert.getByRole("button", { name: "Acknowledge" }).click();
    await alert.getByText(/acknowledged by/).waitFor();
    await alert.getByLabel("Mute Drawer stuck").selectOption("60");
    await alert.getByText(/muted until/).waitFor();
    await alert.getByRole("button", { name: "Unmute" }).click();
    await alert.getByLabel("Mute Drawer stuck").waitFor();
    assert.deepEqual(await looksRight(page), []);
    await alert.getByRole("link", { name: "Log entries" }).click();
    await page.locator(".logs li", { hasText: "the drawer is stuck" }).first().waitFor();
  });

  test("the rule is switched off, its history stays", async () => {
    await open("?tab=rules");
    const saved = page.waitForResponse(/\/disable$/);
    await page.getByRole("switch", { name: "Drawer stuck" }).uncheck();
    await saved;
    await page.reload();
    await page.getByRole("switch", { name: "Drawer stuck" }).waitFor();
    assert.equal(await page.getByRole("switch", { name: "Drawer stuck" }).isChecked(), false);
    await page.getByRole("button", { name: "Delete Drawer stuck" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("Deleted Drawer stuck").waitFor();
    await page.getByRole("link", { name: "History" }).click();
    await page
      .getByRole("row", { name: /Drawer stuck medium/ })
      .first()
      .waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("printed no error and broke no content policy", () => {
    assert.deepEqual(browser.complaints, []);
  });
});

interface Hook extends AsyncDisposable {
  url: string;
  events: string[];
  heard(event: string): Promise<void>;
}

async function listen(): Promise<Hook> {
  const events: string[] = [];
  const server: Server = createServer((request, response) => void receive(request).then(() => response.end()));
  const receive = async (request: AsyncIterable<Buffer>) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    events.push((JSON.parse(body) as { event: string }).event);
    server.emit("heard");
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    events,
    async heard(event) {
      while (!events.includes(event)) await once(server, "heard");
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
