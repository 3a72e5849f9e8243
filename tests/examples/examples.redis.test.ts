/** The examples print what their `expected.txt` says: nothing in them is claimed that is not run. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { runExample } from "./run-example.ts";

const examples = join(import.meta.dirname, "..", "..", "examples");
const folders = readdirSync(examples).filter((name) => /^\d\d-/.test(name));

describe("examples", () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());

  test("are there", () => assert.ok(folders.length >= 5, `found ${folders.join(", ")}`));

  for (const folder of folders) {
    test(`${folder} prints what it promises`, async () => {
      const { code, stdout, stderr } = await runExample(join(examples, folder, "main.ts"), redis.url);
      assert.equal(stdout, readFileSync(join(examples, folder, "expected.txt"), "utf8"), stderr);
      assert.equal(code, 0, stderr);
    });
  }
});
