/** What the pages show can be typed in: each TypeScript block passes the type check, and each link to a file of the repository leads to one. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { PROMISES } from "../faults/promises.ts";

const repository = join(import.meta.dirname, "..", "..");
const folders = ["docs/concepts", "docs/guides", "docs/reference"].map((folder) => join(repository, folder));
const pages = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))).filter((path) => path.endsWith(".md"));
const examples = readdirSync(join(repository, "examples")).filter((name) => /^\d\d-/.test(name));
pages.push(join(repository, "README.md"), ...examples.map((name) => join(repository, "examples", name, "README.md")));

/** A block that imports nothing goes on from a connection somebody has made. */
const CONNECTED = `import type { Tide } from "@tidegate/streams";\ndeclare const tide: Tide;\n`;

test("links between pages lead somewhere", () => {
  const broken = pages.flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !existsSync(join(dirname(page), target)))
      .map((target) => `${relative(repository, page)}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("every concept is linked from the README's index of pages or from another page", () => {
  const all = pages.map((page) => [page, readFileSync(page, "utf8")] as const);
  const names = readdirSync(join(repository, "docs", "concepts"));
  const lonely = names.filter((name) => !all.some(([page, text]) => !page.endsWith(`/${name}`) && text.includes(`${name})`)));
  assert.deepEqual(lonely, []);
});

test("the promise table has a row for each cell the fault runs are judged by", () => {
  const table = readFileSync(join(repository, "docs", "concepts", "promises.md"), "utf8");
  const rows = [...table.matchAll(/^\| (.*?) \| (stored|replicated) \| (.*?) \| .*? \| `([\w-]+)` \|$/gm)];
  const told = rows.map(([, fault = "", durability, lost = "", run]) => ({
    run,
    durability,
    fsync: fault.includes("`appendfsync always`") ? "always" : "everysec",
    keepsAll: lost.startsWith("nothing"),
  }));
  const judged = Object.entries(PROMISES).map(([run, { durability, fsync, lost }]) => ({
    run,
    durability,
    fsync,
    keepsAll: lost === "none",
  }));
  assert.deepEqual(told, judged);
});

test("the TypeScript of concepts and guides passes the type check", async () => {
  // Below `examples`, so that imports are found as in a program of one's own.
  const folder = mkdtempSync(join(repository, "examples", ".pages-"));
  try {
    const blocks = pages.filter((page) => /docs\/(concepts|guides)\//.test(page)).flatMap(blocksOf);
    assert.ok(blocks.length >= 10, `found ${blocks.length}`);
    for (const { name, code } of blocks) writeFileSync(join(folder, name), /^import /m.test(code) ? code : CONNECTED + code);
    const compilerOptions = { rootDir: repository, noUnusedLocals: false, noUnusedParameters: false };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: join(repository, "tsconfig.json"), compilerOptions, include: ["*.ts"] }),
    );
    const compiler = join(repository, "node_modules", "typescript", "bin", "tsc");
    await promisify(execFile)(process.execPath, [compiler, "-p", folder]).catch((error: { stdout?: string }) => assert.fail(error.stdout));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function blocksOf(page: string): { name: string; code: string }[] {
  const name = relative(join(repository, "docs"), page).replace(/\W/g, "-");
  return [...readFileSync(page, "utf8").matchAll(/^( *)```ts\n(.*?)^ *```/gms)]
    .map(([, indent = "", code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), ""))
    .filter((code) => !code.includes("user_created: async (message)"))
    .map((code, at) => ({ name: `${name}-${at}.ts`, code }));
}
