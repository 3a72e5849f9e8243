/** The producer and consumer of README.md, taken from the page as they stand there, run and pass the type check. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { runExample } from "./run-example.ts";

const repository = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(repository, "README.md"), "utf8");
const [, code = "", , promised = ""] = /```ts\n(.*?)```(.*?)```text\n(.*?)```/s.exec(page) ?? [];

describe("README", () => {
  let redis: RedisServer;
  let folder = "";
  before(async () => {
    redis = await startRedis();
    // Below `examples`, so that the imports of the page are found as in a program of one's own.
    folder = mkdtempSync(join(repository, "examples", ".readme-"));
    writeFileSync(join(folder, "main.ts"), code);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await redis.stop();
  });

  test("its program prints what the page says", async () => {
    const { code: exitCode, stdout, stderr } = await runExample(join(folder, "main.ts"), redis.url);
    assert.equal(stdout, promised, stderr);
    assert.notEqual(promised, "");
    assert.equal(exitCode, 0, stderr);
  });

  test("its program passes the type check", async () => {
    const config = { extends: join(repository, "tsconfig.json"), compilerOptions: { rootDir: repository }, include: ["main.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = join(repository, "node_modules", "typescript", "bin", "tsc");
    await promisify(execFile)(process.execPath, [compiler, "-p", folder]).catch((error: { stdout?: string }) => assert.fail(error.stdout));
  });

  test("has at most 200 lines", () => assert.ok(page.split("\n").length <= 201));
});
