/// <reference lib="dom" />
/** The logs as an operator reads them: narrowed by clicks, followed without losing the place, looked back at page by page. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { Tide } from "@tidegate/streams";
import type { Page } from "playwright-core";
import type { OpenBrowser } from "./open-browser.ts";
import { openConsole, signIn } from "./open-console.ts";
import type { Program } from "./start-program.ts";
import { looksRight } from "./violations.ts";

const markup = "<img src=x onerror=alert(1)>";
const many = 150;

describe("logs in the console", { timeout: 180_000 }, () => {
  const bed = new AsyncDisposableStack();
  let program: Program;
  let browser: OpenBrowser;
  let page: Page;
  let tide: Tide;

  before(async () => {
    const opened = await openConsole(bed);
    ({ program, page, browser, tide } = opened);
    await write(tide);
    await program.request("GET", "/api/v1/topics");
    await signIn(opened);
  });

  after(() => bed.disposeAsync());

  const rows = () => page.locator(".logs li");
  const open = (search: string) => page.goto(`${program.url}/logs?${search}`);
  const row = (text: string) => page.locator(".logs li", { hasText: text });

  test("are narrowed by what is typed and by a click on a value, and the address keeps it", async () => {
    await open("");
    await page.getByLabel(/^Add words/).fill("component:till level:warn");
    await page.getByLabel(/^Add words/).press("Enter");
    await row("card refused").waitFor();
    assert.equal(await rows().count(), 2);
    assert.equal(new URL(page.url()).searchParams.get("filter"), "component:till level:warn");
    await row("card refused").click();
    await page.getByRole("button", { name: "Without order 7" }).click();
    await row("drawer is stuck").waitFor();
    assert.equal(await rows().count(), 1);
    await page.reload();
    await row("drawer is stuck").waitFor();
    assert.equal(await rows().count(), 1);
    await page.getByRole("button", { name: "Remove not order:7" }).click();
    await row("card refused").waitFor();
  });

  test("are shown as text, whatever they hold, with their error and a way to their trace", async () => {
    await open(`filter=${encodeURIComponent('"card refused"')}`);
    await row("card refused").click();
    const detail = page.getByRole("complementary", { name: "Log entry" });
    await detail.getByRole("region", { name: "Stack" }).getByText("CardError: no money").waitFor();
    assert.match((await detail.textContent()) ?? "", /<img src=x onerror=alert\(1\)>/);
    assert.equal(await page.locator("img").count(), 0);
    await detail.locator("a[href^='/traces/']").click();
    await page.getByRole("heading", { level: 1, name: "sell" }).waitFor();
  });

  test("are read on page by page, walked by keyboard, and saved as lines", async () => {
    await open("filter=component:counter");
    await row("count 149").waitFor();
    assert.equal(await rows().count(), 100);
    await page.locator(".logs.tail").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Log entry" }).getByRole("heading", { name: "count 148" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Load more" }).click();
    await row("count 0").first().waitFor();
    assert.equal(await rows().count(), many);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
    const lines = (await readFile((await download.path()) ?? "", "utf8")).trimEnd().split("\n");
    assert.equal(lines.length, many);
    assert.equal((JSON.parse(lines[0] ?? "") as { message: string }).message, "count 149");
  });

  test("a stretch of time is chosen by dragging over the histogram", async () => {
    await open("");
    await page.locator(".histogram svg g").first().waitFor();
    const box = await page.locator(".histogram .bars").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
    await page.mouse.up();
    await page.getByRole("button", { name: "Remove the chosen time" }).waitFor();
    const { searchParams } = new URL(page.url());
    const minutes = (Number(searchParams.get("to")) - Number(searchParams.get("from"))) / 60_000;
    assert.ok(minutes > 10 && minutes < 25, `${minutes} minutes`);
  });

  test("new entries come in by themselves, and nothing moves under the pointer", async () => {
    await open("filter=component:news&follow=1");
    await page.getByText("Waiting for the next entry").waitFor();
    const news = tide.logger("news");
    await keepSaying(() => news.info("first"), row("first"));
    await row("first").first().hover();
    const before = await rows().count();
    await keepSaying(() => news.info("second"), page.getByRole("button", { name: /^[1-9]\d* new – resume$/ }));
    assert.equal(await rows().count(), before);
    assert.equal(await row("second").count(), 0);
    await page.getByRole("button", { name: /new – resume/ }).click();
    await row("second").first().waitFor();
  });

  test("have figures of the requests, each with a way to its entries; the console's own reads are not among them", async () => {
    await open("view=stats");
    const path = page.getByRole("link", { name: "/api/v1/topics" });
    await path.waitFor();
    assert.equal(await page.getByRole("link", { name: "/api/v1/logs/search" }).count(), 0);
    await path.click();
    await row("GET /api/v1/topics 200").first().waitFor();
  });

  for (const search of ["", "follow=1", "view=stats", "filter=component:till&range=24h"])
    test(`/logs?${search} is accessible and fits at both widths and in both themes`, async () => {
      await open(search);
      await page.locator("main h1").waitFor();
      assert.deepEqual(await looksRight(page), []);
    });

  test("printed no error and broke no content policy", () => {
    assert.deepEqual(browser.complaints, []);
  });
});

async function write(tide: Tide): Promise<void> {
  const till = tide.logger("till");
  await tide.trace("sell", () => {
    const error = Object.assign(new Error("no money"), { name: "CardError" });
    till.error(`card refused ${markup}`, { order: 7, error });
  });
  till.warn("drawer is stuck", { order: 8 });
  till.info("open");
  const counter = tide.logger("counter");
  for (let n = 0; n < many; n++) counter.info(`count ${n}`, { n });
  await tide.flush();
}

/** The subscription takes effect a moment after the page shows: says it again until it is seen. */
async function keepSaying(say: () => void, seen: ReturnType<Page["locator"]>): Promise<void> {
  say();
  const again = setInterval(say, 1000);
  try {
    await seen.first().waitFor();
  } finally {
    clearInterval(again);
  }
}
