import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Unrecoverable } from "@tidegate/streams";
import { deliver } from "./delivery.ts";
import { Sink } from "./sink.ts";

const sink = new Sink();
const send = (kind: string): Promise<void> => deliver(sink.url, { kind, title: "t", detail: null }, new AbortController().signal);

before(() => sink.open());
after(() => sink.close());

test("sink: the first notification of a kind waits for its template, the second is delivered", async () => {
  await assert.rejects(send("alert"), /503.*being loaded/);
  await send("alert");
  assert.equal(sink.delivered, 1);
});

test("sink: a kind without template is refused for good after one failed attempt", async () => {
  await assert.rejects(send("timeout_drill"), /503/);
  await assert.rejects(
    send("timeout_drill"),
    (error: unknown) => error instanceof Unrecoverable && error.code === "SINK_REFUSED" && /422.*no template/.test(error.message),
  );
});

test("sink: closed it refuses connections, open again it listens at the same address and has forgotten its templates", async () => {
  const { url } = sink;
  await sink.close();
  await assert.rejects(send("alert"), { code: "ECONNREFUSED" });
  await sink.open();
  assert.equal(sink.url, url);
  await assert.rejects(send("alert"), /503/);
  await send("alert");
});

test("sink: broken by hand it answers 503 until mended", async () => {
  sink.breakFor(60_000);
  await assert.rejects(send("alert"), /503: broken by a sink_broken message/);
  sink.breakFor(0);
  await send("alert");
});

test("sink: a body of another shape is refused", async () => {
  const answer = await fetch(sink.url, { method: "POST", body: "{", headers: { connection: "close" } });
  assert.equal(answer.status, 400);
});
