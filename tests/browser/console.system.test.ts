/// <reference lib="dom" />
/**
 * The console as a person meets it: the real program, a real browser, the login link from the terminal. The page may never
 * break its content policy, print an error, or read a message as markup, and every screen is checked by axe.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, Unrecoverable } from "@tidegate/streams";
import type { Page } from "playwright-core";
import { openBrowser, type OpenBrowser } from "./open-browser.ts";
import { startProgram, type Program } from "./start-program.ts";
import { violations } from "./violations.ts";

const screens = ["/", "/topics", "/topics/orders", "/groups", "/groups/orders/orders_processors", "/dead-letters", "/redis"];
const markup = "<img src=x onerror=alert(1)>";

describe("console", { timeout: 120_000 }, () => {
  let program: Program;
  let browser: OpenBrowser;
  let page: Page;
  const close: (() => Promise<unknown>)[] = [];

  before(async () => {
    program = await startProgram();
    close.push(() => program.stop());
    browser = await openBrowser();
    close.push(() => browser.close());
    page = browser.page;
    const tide = await connect({
      url: program.redisUrl,
      password: program.redisPassword,
      namespace: program.namespace,
      service: "browser-test",
    });
    close.push(() => tide.close());
    let refuse = true;
    const consumer = await tide.consume("orders", { retry: { maxRetries: 0 } }, (message) => {
      if (message.type === "order_refused" && refuse) {
        refuse = false;
        throw new Unrecoverable("the card was declined");
      }
    });
    close.push(() => consumer.stop());
    await tide.publish("orders", { type: "order_refused", data: { id: 7 } });
  });

  after(async () => {
    for (const step of close.toReversed()) await step();
  });

  test("signs in with the link and leaves no code in the address", async () => {
    await page.goto(await program.loginLink());
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    assert.ok(!page.url().includes("code="));
    await page.getByText("live", { exact: true }).waitFor();
  });

  test("publishes by the form and shows the message in the tail as text", async () => {
    await go(page, "/topics");
    await page.getByRole("link", { name: "orders", exact: true }).click();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByLabel("Type").fill("order_created");
    await page.getByLabel("Data (JSON)").fill(JSON.stringify({ note: markup }));
    await page.getByRole("button", { name: "Publish to orders" }).click();
    const row = page.locator(".tail li", { hasText: "order_created" });
    await row.waitFor();
    assert.match((await row.textContent()) ?? "", /<img src=x onerror=alert\(1\)>/);
    await row.getByRole("button").click();
    await page.locator(".detail pre", { hasText: markup }).waitFor();
    assert.equal(await page.locator("img").count(), 0);
  });

  test("sees the topic grow without a reload", async () => {
    await go(page, "/topics");
    const messages = page.getByRole("row", { name: /^orders/ }).locator("td[data-label=Messages]");
    const seen = Number(await messages.textContent());
    await program.request("POST", "/api/v1/messages", { topic: "orders", type: "order_paid", data: {} });
    await messages.getByText(String(seen + 1), { exact: true }).waitFor();
  });

  test("sees the dead letter with its attempt and replays it", async () => {
    await go(page, "/dead-letters");
    await page.getByRole("button", { name: /the card was declined/ }).click();
    await page.locator(".letter-row .expand").first().click();
    await page.locator(".attempts", { hasText: "the card was declined" }).waitFor();
    await page.getByRole("button", { name: "Replay this one" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replay 1" }).click();
    await page.getByText("Replayed 1 message").waitFor();
    await page.getByText("No dead letters", { exact: true }).waitFor();
  });

  for (const width of [1440, 390]) {
    for (const screen of screens) {
      test(`${screen} at ${width} is accessible and does not scroll sideways`, async () => {
        await page.setViewportSize({ width, height: 900 });
        await go(page, screen);
        await page.locator("main h1").waitFor();
        await page.locator(".loading").waitFor({ state: "detached" });
        assert.deepEqual(await violations(page), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
      });
    }
  }

  test("printed no error and broke no content policy", () => {
    assert.deepEqual(browser.complaints, []);
  });

  /** Within the page, so that the live connection stays. */
  async function go(on: Page, path: string): Promise<void> {
    await on.evaluate((to) => {
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
    }, path);
  }
});
