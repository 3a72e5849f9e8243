/// <reference lib="dom" />
/** One trace from a click in the console to two handlers and the retry in between, as a waterfall; and one of a thousand spans. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Tide } from "@tidegate/streams";
import type { Page } from "playwright-core";
import type { OpenBrowser } from "./open-browser.ts";
import { openConsole, signIn } from "./open-console.ts";
import type { Program } from "./start-program.ts";
import { looksRight } from "./violations.ts";

const most = 1000;

describe("traces in the console", { timeout: 180_000 }, () => {
  const bed = new AsyncDisposableStack();
  let program: Program;
  let browser: OpenBrowser;
  let page: Page;
  let tide: Tide;
  let large: string;

  before(async () => {
    const opened = await openConsole(bed);
    ({ program, page, browser, tide } = opened);
    large = await traceOf(tide, most);
    await signIn(opened);
  });

  after(() => bed.disposeAsync());

  const span = (name: string) => page.locator(".waterfall li", { hasText: name });

  test("a message published here is followed through its handlers, its retry included", async () => {
    await using bench = new AsyncDisposableStack();
    await handleTwice(tide, bench);
    await page.goto(`${program.url}/topics/orders`);
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByLabel("Type").fill("order_created");
    await page.getByRole("button", { name: "Publish to orders" }).click();
    await page.locator(".tail li", { hasText: "order_created" }).getByRole("button").click();
    const detail = page.getByRole("complementary", { name: "Message order_created" });
    await detail.getByRole("list", { name: "Groups" }).getByText("answered").waitFor();
    for (const act of ["published by", "failed, waits for a retry at", "answered by"]) await detail.getByText(act).first().waitFor();
    await detail.locator("a[href^='/traces/']").first().click();
    await span("handle invoices").waitFor();
    for (const name of ["POST /api/v1/messages", "publish orders", "handle orders", "publish invoices"]) await span(name).first().waitFor();
    await span("handle orders").locator(".pill", { hasText: "error" }).waitFor();
  });

  test("a span is shown in full, with a way to its message and its history", async () => {
    await span("publish invoices")
      .getByRole("button", { name: /publish invoices/ })
      .last()
      .click();
    const detail = page.getByRole("complementary", { name: "Span publish invoices" });
    await detail.getByText("producer").waitFor();
    await page.reload();
    await detail.getByRole("link", { name: "Message" }).click();
    await page.getByRole("heading", { level: 1, name: /invoice_made/ }).waitFor();
    await page.getByText("answered by").waitFor();
    assert.deepEqual(await looksRight(page), []);
    await page.getByRole("link", { name: "Trace", exact: true }).click();
    await span("handle invoices").waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("are found by what they did and how they ended", async () => {
    await page.goto(`${program.url}/traces`);
    await page.getByLabel("Component").fill("importer");
    await page.getByLabel("Component").press("Enter");
    await page.getByText("1 trace", { exact: true }).waitFor();
    await page.getByLabel("Status").selectOption("ok");
    await page.getByText("No trace fits").waitFor();
    assert.match(page.url(), /component=importer&status=ok/);
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("link", { name: "import", exact: true }).waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("a trace of a thousand spans folds its large part, which opens by keyboard", async () => {
    await page.goto(`${program.url}/traces/${large}`);
    await span("batch").waitFor();
    assert.equal(await page.locator(".waterfall li").count(), 2);
    await span("batch").getByText("error below").waitFor();
    await page.locator(".waterfall").focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
    await span(`write ${most - 3}`).waitFor();
    assert.equal(await page.locator(".waterfall li").count(), most);
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: `Span write ${most - 3}` }).waitFor();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowLeft");
    await span("batch").waitFor({ state: "detached" });
  });

  test("printed no error and broke no content policy", () => {
    assert.deepEqual(browser.complaints, []);
  });
});

/** Fails the first attempt, then publishes what a second handler takes. */
async function handleTwice(tide: Tide, bed: AsyncDisposableStack): Promise<void> {
  let refuse = true;
  const retry = { baseDelay: 50 };
  const billing = await tide.consume("orders", { group: "billing", retry }, async () => {
    if (refuse) {
      refuse = false;
      throw new Error("the issuer is silent");
    }
    await tide.publish("invoices", { type: "invoice_made", data: {} });
  });
  bed.defer(() => billing.stop());
  const mail = await tide.consume("invoices", { group: "mail" }, () => {});
  bed.defer(() => mail.stop());
}

/** Its id: a root, one batch under it, and the rest under that. */
async function traceOf(tide: Tide, spans: number): Promise<string> {
  const root = tide.startSpan("import", { component: "importer" });
  const batch = tide.startSpan("batch", { component: "importer", parent: root.traceparent });
  for (let n = 0; n < spans - 2; n++) {
    const write = tide.startSpan(`write ${n}`, { component: "importer", parent: batch.traceparent });
    if (n === 5) write.fail(new Error("row 5 is broken"));
    write.end();
  }
  batch.end();
  root.end();
  await tide.flush();
  return root.traceId;
}
