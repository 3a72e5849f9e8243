/// <reference lib="dom" />
/** Dead letters as an operator mends them: narrowed to a kind, one edited and replayed, the rest replayed slowly and stopped. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Unrecoverable, type Tide } from "@tidegate/streams";
import type { Page } from "playwright-core";
import type { OpenBrowser } from "./open-browser.ts";
import { openConsole, signIn } from "./open-console.ts";
import type { Program } from "./start-program.ts";

const down = 40;

describe("dead letters in the console", { timeout: 120_000 }, () => {
  const bed = new AsyncDisposableStack();
  let program: Program;
  let browser: OpenBrowser;
  let page: Page;
  let tide: Tide;

  before(async () => {
    const opened = await openConsole(bed);
    ({ program, page, browser, tide } = opened);
    await bury(tide);
    await signIn(opened);
  });

  after(() => bed.disposeAsync());

  test("are narrowed by what they say, and the address keeps it", async () => {
    await page.goto(`${program.url}/dead-letters`);
    await page.getByText(`${down + 1} messages in 2 kinds of failure`).waitFor();
    await page.getByLabel("Error code").selectOption("NO_PRICE");
    await page.getByText("1 message in 1 kind of failure").waitFor();
    assert.match(page.url(), /error_code=NO_PRICE/);
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("2 kinds of failure").waitFor();
  });

  test("one is edited and goes back to its group as edited", async () => {
    await page.goto(`${program.url}/dead-letters?error_code=NO_PRICE`);
    await page.getByRole("button", { name: /order 7 has no price/ }).click();
    await page.locator(".letter-row .expand").first().click();
    await page.getByRole("button", { name: "Edit and replay" }).click();
    await page.getByLabel("Data (JSON)").fill("{ price: 3 }");
    await page.getByText(/Not valid JSON/).waitFor();
    await page.getByLabel("Data (JSON)").fill('{ "price": 3 }');
    await page.getByRole("button", { name: "Replay with these changes" }).click();
    await page.getByText("Changed and replayed 1 message").waitFor();
    await page.getByText("No dead letter fits").waitFor();
    const got = Promise.withResolvers<unknown>();
    const consumer = await tide.consume("orders", { group: "billing" }, ({ data }) => got.resolve(data));
    assert.deepEqual(await got.promise, { price: 3 });
    await consumer.stop();
  });

  test("a kind is replayed at a rate, shows its progress, and stops when told", async () => {
    await page.goto(`${program.url}/dead-letters`);
    await page.getByRole("button", { name: `Replay ${down}` }).click();
    await page.getByLabel("In the background, at most").check();
    await page.getByLabel("Messages a second").fill("2");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: `Replay ${down}` })
      .click();
    const jobs = page.getByRole("region", { name: "Replays in the background" });
    await jobs.getByText("running").waitFor();
    await jobs.getByText(new RegExp(`^[1-9]\\d* of ${down}$`)).waitFor();
    await jobs.getByRole("button", { name: "Cancel" }).click();
    await jobs.getByText("cancelled").waitFor();
    const [job] = await tide.deadLetters.jobs();
    assert.equal(job?.state, "cancelled");
    assert.equal(await tide.deadLetters.count(), down - job.replayed);
  });

  test("printed no error and broke no content policy", () => {
    assert.deepEqual(browser.complaints, []);
  });
});

async function bury(tide: Tide): Promise<void> {
  let left = down + 1;
  const dead = Promise.withResolvers<void>();
  const onSettled = () => void (--left === 0 && dead.resolve());
  const consumer = await tide.consume("orders", { group: "billing", onSettled }, ({ type, data }) => {
    const { n } = data as { n: number };
    if (type === "order_placed") throw new Unrecoverable(`warehouse ${n} does not answer`, { code: "WAREHOUSE_DOWN" });
    throw new Unrecoverable(`order ${n} has no price`, { code: "NO_PRICE" });
  });
  await tide.publishMany("orders", [
    ...Array.from({ length: down }, (_, n) => ({ type: "order_placed", data: { n } })),
    { type: "order_paid", data: { n: 7 } },
  ]);
  await dead.promise;
  await consumer.stop();
}
