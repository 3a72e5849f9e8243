/** What a connection costs is what every process pays again and again while Redis is away. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test } from "node:test";
import { connect } from "../index.ts";
import { destroyClient, openClient } from "./client.ts";

const NOBODY = { host: "127.0.0.1", port: 1 };

test("a client is made without work for each of Redis' commands", () => {
  const access = { username: undefined, password: undefined, database: 0, tls: null };
  const began = process.cpuUsage();
  for (let n = 0; n < 100; n++) destroyClient(openClient(NOBODY, access, `name-${n % 3}`));
  const { user, system } = process.cpuUsage(began);
  assert.ok(user + system < 300_000, `100 clients took ${(user + system) / 1_000} ms of CPU`);
});

test("where nobody listens, a try is one socket and nothing beside it", async (t) => {
  t.mock.method(Math, "random", () => 1);
  let sockets = 0;
  const count = (): void => void sockets++;
  subscribe("net.client.socket", count);
  try {
    await assert.rejects(connect({ url: `redis://${NOBODY.host}:${NOBODY.port}`, connectTimeout: 500 }), { code: "REDIS_UNREACHABLE" });
  } finally {
    unsubscribe("net.client.socket", count);
  }
  // Two connections; both tried at 0, 50, 150 and 350 ms.
  assert.ok(sockets >= 2 && sockets <= 8, `${sockets} sockets`);
});
