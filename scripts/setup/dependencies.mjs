// npm dependencies, exactly as locked. Installed when missing or when the lock file changed since the last time.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

/** A registry that lacks a package of some other platform makes `npm ci` refuse the lock; `npm install` keeps to it and goes on. */
async function install(folder) {
  try {
    await run("npm", ["ci", ...QUIET], { cwd: folder });
  } catch (error) {
    if (!String(error.message).includes("EUSAGE") && !String(error.message).includes("npm help ci")) throw error;
    await run("npm", ["install", "--no-save", ...QUIET], { cwd: folder });
  }
}
