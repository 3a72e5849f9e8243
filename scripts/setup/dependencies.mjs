// npm dependencies, exactly as locked. Installed when missing or when the lock file changed since the last time.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repository, run, step } from "./step.mjs";

const QUIET = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];

/** `folder` has a package.json and a package-lock.json of its own. */
export async function installDependencies(folder = repository, title = "npm dependencies") {
  const stamp = join(folder, "node_modules", ".tidegate-setup");
  const hash = lockHash(folder);
  if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === hash) return;
  await step(title, () => install(folder));
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  writeFileSync(stamp, `${hash}\n`);
}

// Private

function lockHash(folder) {
  return createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
}

/** npm leaves out native parts that refuse the Node it runs on; on an older one it borrows a newer npm and Node for this run. */
async function install(folder) {
  if (Number(process.versions.node.split(".")[0]) >= 24) return installWith("npm", [], folder);
  const borrowed = mkdtempSync(join(tmpdir(), "tidegate-npm-"));
  try {
    const { node } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")).devDependencies;
    const name = `node-${process.platform}-${process.arch}`;
    writeFileSync(join(borrowed, "package.json"), "{}\n");
    await run("npm", ["install", "--no-save", "--no-package-lock", ...QUIET, "npm@11", `${name}@${node}`], { cwd: borrowed });
    const modules = join(borrowed, "node_modules");
    await installWith(join(modules, name, "bin", "node"), [join(modules, "npm", "bin", "npm-cli.js")], folder);
  } finally {
    rmSync(borrowed, { recursive: true, force: true });
  }
}

/** A registry that lacks a package of some other platform makes `npm ci` refuse the lock; `npm install` keeps to it and goes on. */
async function installWith(program, before, folder) {
  try {
    await run(program, [...before, "ci", ...QUIET], { cwd: folder });
  } catch (error) {
    if (!String(error.message).includes("npm help ci")) throw error;
    await run(program, [...before, "install", "--no-save", ...QUIET], { cwd: folder });
  }
}
