// The project's own Node. The npm package `node` fetches its program in an install script, and those are switched off here;
// so the platform's package is installed directly, in the same version, and linked where `node` would have put it.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { repository, run, step } from "./step.mjs";

export const projectNode = join(repository, "node_modules", "node", "bin", "node");
/** Development runs from source: this condition selects `src/` in the packages' exports. */
export const fromSource = "--conditions=@tidegate/source";

export async function installNode() {
  if (existsSync(projectNode)) return;
  const version = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")).devDependencies.node;
  if (useRunningNode()) return;
  await step(`Node ${version}`, () => fetchNode(version));
}

// Private

/** macOS: the registry does not carry every version, so a Node that is new enough serves. */
function useRunningNode() {
  if (process.platform === "linux" || Number(process.versions.node.split(".")[0]) < 24) return false;
  mkdirSync(dirname(projectNode), { recursive: true });
  symlinkSync(process.execPath, projectNode);
  linkIntoBin();
  return true;
}

async function fetchNode(version) {
  const name = `${process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${process.platform}-${process.arch}`;
  const folder = mkdtempSync(join(repository, "node_modules", ".tidegate-node-"));
  try {
    writeFileSync(join(folder, "package.json"), "{}\n");
    const quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    await run("npm", ["install", ...quiet, `${name}@${version}`], { cwd: folder }).catch((error) => {
      throw new Error(
        `Node ${version} for ${process.platform}-${process.arch} could not be installed.\n  Install Node 24 or newer yourself and repeat.\n${error.message}`,
      );
    });
    place(join(folder, "node_modules", name, "bin", "node"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function place(binary) {
  chmodSync(binary, 0o755);
  execFileSync(binary, ["--version"], { stdio: "ignore" });
  mkdirSync(dirname(projectNode), { recursive: true });
  const waiting = `${projectNode}.${process.pid}`;
  try {
    linkSync(binary, waiting);
  } catch {
    copyFileSync(binary, waiting);
  }
  renameSync(waiting, projectNode);
  linkIntoBin();
}

function linkIntoBin() {
  const link = join(repository, "node_modules", ".bin", "node");
  rmSync(link, { force: true });
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join("..", "node", "bin", "node"), link);
}
