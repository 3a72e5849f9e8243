import { strict as assert } from "node:assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { checkFloors, type Floors } from "./check-floors.ts";

const floors: Floors = {
  packages: ["packages/streams", "packages/platform"],
  aside: { "packages/console": ["packages/platform"] },
  inside: { "packages/streams/src": [["errors"], ["redis", "telemetry"], ["open"]] },
  only: { "@redis/client": "packages/streams/src/redis" },
};

function check(context: TestContext, files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), "tidegate-floors-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (const [path, code] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), code);
  }
  return checkFloors(root, floors);
}

test("floors accept imports that point down", (context) => {
  const problems = check(context, {
    "packages/streams/src/open.ts": 'import { a } from "./redis/link.ts";',
    "packages/streams/src/redis/link.ts": 'import type { b } from "../errors.ts";',
    "packages/streams/src/errors.ts": "export const b = 1;",
    "packages/platform/src/main.ts": 'import { connect } from "@tidegate/streams";',
    "packages/console/src/app.tsx": 'import type { Health } from "tidegate/contract";',
  });
  assert.deepEqual(problems, []);
});

test("floors refuse an import of a higher folder", (context) => {
  const problems = check(context, { "packages/streams/src/redis/link.ts": 'import {\n  open,\n} from "../open.ts";' });
  assert.match(problems.join(), /redis\/link\.ts imports .*open\.ts: open is above redis/);
});

test("floors refuse an import of a higher package, types included", (context) => {
  const problems = check(context, { "packages/streams/src/open.ts": 'import type { Health } from "tidegate/contract";' });
  assert.match(problems.join(), /packages\/streams may import only nothing of ours/);
});

test("floors refuse a path into another package", (context) => {
  const problems = check(context, { "packages/platform/src/main.ts": 'import { a } from "../../streams/src/errors.ts";' });
  assert.match(problems.join(), /by its name, not by a path/);
});

test("floors refuse a circle between files of one folder", (context) => {
  const problems = check(context, {
    "packages/streams/src/redis/a.ts": 'import "./b.ts";',
    "packages/streams/src/redis/b.ts": 'import "./a.ts";',
  });
  assert.match(problems.join(), /circle: .*a\.ts → .*b\.ts → .*a\.ts/);
});

test("floors want a place for every file", (context) => {
  const problems = check(context, { "packages/streams/src/stray.ts": 'import "./errors.ts";' });
  assert.match(problems.join(), /stray\.ts has no floor/);
});

test("floors keep a package to the one folder that may use it", (context) => {
  const problems = check(context, {
    "packages/streams/src/redis/link.ts": 'import { createClient } from "@redis/client";',
    "packages/streams/src/open.ts": 'import type { RedisClientType } from "@redis/client";',
  });
  assert.deepEqual(problems, ["packages/streams/src/open.ts imports @redis/client: only packages/streams/src/redis may"]);
});
