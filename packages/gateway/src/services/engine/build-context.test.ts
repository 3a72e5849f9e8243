/** Tests of what is packed for a build: only from below the root, never the data folder, `.dockerignore` holds, links are not followed. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { text } from "node:stream/consumers";
import { contextFolder, openContext } from "./build-context.ts";

const root = mkdtempSync(join(tmpdir(), "tidegate-context-test-"));
after(() => rmSync(root, { recursive: true, force: true }));
const contexts = join(root, "contexts");
const roots = { contexts, dataFolder: join(contexts, "data") };

function write(path: string, content = ""): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
}

write(join(contexts, "app", "Dockerfile"), "FROM web:1");
write(join(contexts, "app", "a.txt"), "a");
write(join(contexts, "app", "node_modules", "x", "y.js"), "y");
write(join(contexts, "app", "logs", "one.log"), "1");
write(join(contexts, "app", "logs", "keep.log"), "2");
write(join(contexts, "data", "secret"), "s");
write(join(root, "outside", "Dockerfile"), "FROM web:1");
symlinkSync(join(root, "outside"), join(contexts, "link"));
symlinkSync("/etc/passwd", join(contexts, "app", "passwd"));

const build = { context: "app", dockerfile: "Dockerfile", inline: false, args: {} };

/** Names out of the heads of the tar. */
async function names(of: Partial<typeof build>, limit?: { bytes: number; files: number }): Promise<string[]> {
  await using context = await openContext({ ...build, ...of }, roots, limit);
  const tar = await text(context.tar);
  const heads = Array.from({ length: tar.length / 512 }, (_, at) => tar.slice(at * 512, at * 512 + 512)).filter(
    (block) => block.slice(257, 262) === "ustar",
  );
  return heads.map((head) => head.slice(0, head.indexOf("\0"))).sort((one, other) => one.localeCompare(other));
}

describe("openContext", () => {
  it("packs the folder, links as links", async () => {
    write(join(contexts, "app", ".dockerignore"), "");
    const all = await names({});
    assert.ok(all.includes("node_modules/x/y.js") && all.includes("passwd"), all.join());
    await using context = await openContext(build, roots);
    assert.doesNotMatch(await text(context.tar), /root:x:0/);
  });

  it("keeps to .dockerignore and its exceptions, but never leaves out the Dockerfile", async () => {
    write(join(contexts, "app", ".dockerignore"), "node_modules\nlogs/*\n!logs/keep.log\nDockerfile\n");
    assert.deepEqual(await names({}), [".", ".dockerignore", "a.txt", "Dockerfile", "logs", "logs/keep.log", "passwd"]);
    write(join(contexts, "app", ".dockerignore"), "node_modules\n**/*.log\npasswd\n");
    assert.deepEqual(await names({}), [".", ".dockerignore", "a.txt", "Dockerfile", "logs"]);
  });

  it("adds an inline Dockerfile under a name of its own, or packs it alone", async () => {
    assert.ok((await names({ inline: true, dockerfile: "FROM web:1" })).includes(".tidegate.Dockerfile"));
    await using context = await openContext({ ...build, context: null, inline: true, dockerfile: "FROM web:7" }, roots);
    assert.match(await text(context.tar), /FROM web:7/);
    assert.equal(context.dockerfile, "Dockerfile");
  });

  it("has a limit", async () => {
    await assert.rejects(names({}, { bytes: 5, files: 100 }), { code: "INVALID_SPEC", message: /more than/ });
    await assert.rejects(names({}, { bytes: 1e9, files: 2 }), { code: "INVALID_SPEC", message: /2 files/ });
  });

  for (const [context, message] of [
    ["nothing", /no folder nothing/],
    ["..", /leads out/],
    ["/etc", /leads out/],
    ["link", /leads out/],
    ["data", /Tidegate's own data/],
    [".", /Tidegate's own data/],
    ["app/a.txt", /is no folder/],
  ] as const)
    it(`refuses ${context} as a context`, async () => {
      await assert.rejects(contextFolder(context, roots), { code: "INVALID_SPEC", message });
    });

  for (const dockerfile of ["../../outside/Dockerfile", "passwd", "missing", "logs"])
    it(`refuses ${dockerfile} as a Dockerfile`, async () => {
      await assert.rejects(names({ dockerfile }), { code: "INVALID_SPEC", message: /no Dockerfile/ });
    });
});
