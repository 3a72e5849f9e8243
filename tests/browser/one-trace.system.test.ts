/// <reference lib="dom" />
/**
 * One trace from a click to the last handler: console → REST → message → handler in a worker, which fails and is retried → the message it
 * publishes → a second handler. Every part is the real one, in a process of its own.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect, type SpanRecord, type Tide } from "@tidegate/streams";
import { openBrowser, type OpenBrowser } from "./open-browser.ts";
import { startProgram, type Program } from "./start-program.ts";

const BIN = fileURLToPath(new URL("../../packages/platform/bin/tidegate.js", import.meta.url));
const HANDLERS = `
export default {
  orders: {
    order_placed(message, { attempt, publish }) {
      if (attempt === 1) throw new Error("the stock is being counted");
      return publish("invoices", { type: "invoice_written", data: message.data });
    },
  },
  invoices: { invoice_written() {} },
};
export const options = { retry: { baseDelay: 20 } };
`;

const close: (() => Promise<unknown>)[] = [];
let program: Program;
let browser: OpenBrowser;
let tide: Tide;

before(async () => {
  program = await startProgram();
  close.push(() => program.stop());
  tide = await connect({ url: program.redisUrl, password: program.redisPassword, namespace: program.namespace });
  close.push(() => tide.close());
  await tide.groups.create("orders", "orders_processors");
  const worker = await startWorker();
  close.push(() => stop(worker));
  browser = await openBrowser();
  close.push(() => browser.close());
});
after(async () => {
  for (const step of close.toReversed()) await step();
});

test("a click, its request, both messages, the failed attempt and the retry are one trace", async () => {
  const { page } = browser;
  await page.goto(await program.loginLink());
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(new URL("/topics/orders", program.url).href);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByLabel("Type").fill("order_placed");
  await page.getByRole("button", { name: "Publish to orders" }).click();
  const spans = await traceOfInvoices();
  const click = one(spans, "click: Publish to orders", null);
  assert.equal(click.component, "console");
  const request = one(spans, "POST /api/v1/messages", click);
  const order = one(spans, "publish orders", request);
  const attempts = spans.filter(({ name, parentId }) => name === "handle orders" && parentId === order.spanId);
  assert.deepEqual(
    attempts.map(({ status, error, attributes }) => [attributes["attempt"], status, error]),
    [
      [1, "error", "the stock is being counted"],
      [2, "ok", null],
    ],
  );
  const invoice = one(spans, "publish invoices", attempts[1] ?? null);
  const last = one(spans, "handle invoices", invoice);
  assert.equal(last.service, "worker");
  assert.equal(spans.length, 7);
});

function one(spans: readonly SpanRecord[], name: string, parent: SpanRecord | null): SpanRecord {
  const found = spans.filter((span) => span.name === name);
  assert.equal(found.length, 1, `${name}: ${JSON.stringify(spans.map((span) => span.name))}`);
  assert.equal(found[0]?.parentId ?? null, parent?.spanId ?? null, `parent of ${name}`);
  return found[0] as SpanRecord;
}

/** Complete once its last handler and the click are stored. */
async function traceOfInvoices(): Promise<readonly SpanRecord[]> {
  const end = performance.now() + 20_000;
  for (;;) {
    const [found] = (await tide.traces.list({ attributes: { topic: "invoices" } })).items;
    const spans = found === undefined ? [] : ((await tide.traces.get(found.traceId))?.records ?? []);
    if (["handle invoices", "click: Publish to orders", "POST /api/v1/messages"].every((name) => spans.some((span) => span.name === name)))
      return spans;
    assert.ok(performance.now() < end, `not complete in 20 s: ${JSON.stringify(spans.map(({ name }) => name))}`);
    await pause(20);
  }
}

async function startWorker(): Promise<ChildProcess> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-worker-"));
  close.push(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "handlers.mjs");
  await writeFile(file, HANDLERS);
  const env = { ...process.env, REDIS_PASSWORD: program.redisPassword };
  const args = ["worker", file, "--url", program.redisUrl, "--namespace", program.namespace, "--json"];
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => chunk.includes('"ready"') && resolve());
    child.once("exit", (code) => reject(new Error(`the worker ended with ${String(code)}`)));
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  if (child.exitCode === null) await once(child, "exit");
}
