import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "@redis/client";
import { connect } from "../index.ts";
import { startRedis } from "../testing/redis-server.ts";

test("a user who may not ask COMMAND INFO finds the same", async () => {
  await using redis = await startRedis();
  const admin = createClient({ url: redis.url, RESP: 2 });
  await admin.connect();
  try {
    await admin.sendCommand(["ACL", "SETUSER", "ann", "on", ">secret", "~*", "+@all", "-command"]);
    await using free = await connect({ url: redis.url });
    await using bound = await connect({ url: redis.url.replace("//", "//ann:secret@") });
    const found = await free.capabilities();
    assert.deepEqual(await bound.capabilities(), found);
    const has = (name: string): Promise<boolean> => admin.sendCommand<unknown[]>(["COMMAND", "INFO", name]).then(([one]) => one !== null);
    for (const name of ["WAITAOF", "XACKDEL"]) assert.equal(found.commands.includes(name), await has(name), name);
    assert.equal(found.server, (await admin.info()).includes("valkey_version") ? "valkey" : "redis");
    assert.equal(found.role, "primary");
    await admin.sendCommand(["REPLICAOF", "127.0.0.1", "1"]);
    assert.equal((await free.capabilities()).role, "replica");
  } finally {
    admin.destroy();
  }
});

test("a node of a Cluster is refused with a reason", async () => {
  await using redis = await startRedis({ args: ["--cluster-enabled", "yes"] });
  await assert.rejects(connect({ url: redis.url }), { code: "UNSUPPORTED_REDIS", message: /Cluster/ });
});
