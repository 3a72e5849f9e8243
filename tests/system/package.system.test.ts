/** What is published works without the repository: compiled code, Lua scripts and console, installed side by side in an empty folder. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const repository = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);

/** Uses both entry points as an installed package has them: no source condition, no TypeScript. */
const PROGRAM = `
  import { connect } from "@tidegate/streams";
  import { startRedis } from "@tidegate/streams/testing";
  await using redis = await startRedis();
  await using tide = await connect({ url: redis.url, namespace: "packed" });
  await tide.publish("orders", { type: "order_placed", data: { id: 7 } });
  for await (const message of tide.messages("orders")) {
    console.log(message.type, JSON.stringify(message.data), await message.ack());
    break;
  }
`;

test("the built packages run from an empty folder, scripts and console included", async () => {
  await run(process.execPath, [join(repository, "scripts", "build.mjs")], { cwd: repository });
  const folder = await mkdtemp(join(tmpdir(), "tidegate-packed-"));
  try {
    for (const name of ["streams", "gateway", "platform"]) await install(name, folder);
    await writeFile(join(folder, "program.mjs"), PROGRAM);
    const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: folder });
    assert.equal(stdout.trim(), 'order_placed {"id":7} true');
    const version = await run(process.execPath, [join(folder, "node_modules", "tidegate", "bin", "tidegate.js"), "--version"], {
      cwd: folder,
    });
    assert.match(version.stdout, /^\d+\.\d+\.\d+/);
    assert.ok((await readdir(join(folder, "node_modules", "tidegate", "dist", "console"))).includes("index.html"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** What `npm pack` would ship (see `files`), with the repository's dependencies beside it. */
async function install(name: string, folder: string): Promise<void> {
  const { default: manifest } = (await import(join(repository, "packages", name, "package.json"), { with: { type: "json" } })) as {
    default: { name: string; files: string[]; dependencies?: Record<string, string> };
  };
  const home = join(folder, "node_modules", manifest.name);
  await mkdir(home, { recursive: true });
  for (const part of ["package.json", ...manifest.files])
    await cp(join(repository, "packages", name, part), join(home, part), { recursive: true });
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (dependency.startsWith("@tidegate/")) continue;
    const link = join(folder, "node_modules", dependency);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(repository, "node_modules", dependency), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}
