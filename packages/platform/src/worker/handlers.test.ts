import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { HandlerContext, Message } from "@tidegate/streams";
import { loadHandlers } from "./handlers.ts";

describe("loadHandlers", () => {
  let folder = "";
  before(() => (folder = mkdtempSync(join(tmpdir(), "tidegate-handlers-"))));
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string): string => (writeFileSync(join(folder, name), text), name);

  it("picks the handler by topic and event type, then `*`", async () => {
    const file = write(
      "good.ts",
      "export const handlers = { identity: { made: (m: object) => 'made', '*': () => 'rest' }, assets: () => 'all', bare: { x: () => 1 } };\nexport const options = { concurrency: 2 };",
    );
    const { topics, options } = await loadHandlers(file, folder);
    const call = (topic: string, type: string): unknown => topics.get(topic)?.({ type } as Message, {} as HandlerContext);
    assert.deepEqual(
      [call("identity", "made"), call("identity", "other"), call("assets", "x"), call("bare", "unknown")],
      ["made", "rest", "all", undefined],
    );
    assert.equal(options.concurrency, 2);
  });

  const broken: [string, string, RegExp][] = [
    ["a syntax error, with its line", "\n\nexport default {{", /syntax\.ts:3 cannot be loaded/],
    ["an error while loading, with its line", "\nthrow new Error('no database');", /syntax\.ts:2 cannot be loaded: no database/],
    ["a missing import", "import './nowhere.ts';", /cannot be loaded: Cannot find module/],
    ["no export", "export const other = 1;", /exports no handlers/],
    ["an empty object", "export default {};", /handles no topic/],
    ["a topic without function", "export default { identity: 5 };", /"identity" neither a function/],
    ["an event without function", "export default { identity: { made: 'x' } };", /"identity" and "made" no function/],
  ];
  for (const [index, [name, text, message]] of broken.entries()) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(loadHandlers(write(`${index}-syntax.ts`, text), folder), { code: "INVALID_HANDLERS", exitCode: 2, message });
    });
  }

  it("refuses a file that is not there", async () => {
    await assert.rejects(loadHandlers("none.ts", folder), { code: "INVALID_HANDLERS", message: /none\.ts/ });
  });
});
