#!/usr/bin/env node
// Plain JavaScript on purpose: it must start on any Node, find the right one and hand over. In the repository that is the
// project's own Node 24 running src/main.ts; where the package was installed it is this Node running dist/main.js.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const CONDITION = "--conditions=@tidegate/source";
const LEAST_NODE = 24;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const fromSource = existsSync(join(root, "src", "main.ts"));
const main = fromSource ? join(root, "src", "main.ts") : join(root, "dist", "main.js");
const rightNode = Number(process.versions.node.split(".")[0]) >= LEAST_NODE;
const rightCondition = !fromSource || process.execArgv.includes(CONDITION);

if (rightNode && rightCondition) {
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
} else {
  handOver(rightNode ? process.execPath : findNode(root));
}

/** The Node that npm installed for this project, looked for in this folder and every one above it. */
function findNode(folder) {
  const found = join(folder, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(found)) return found;
  if (dirname(folder) !== folder) return findNode(dirname(folder));
  const advice = fromSource
    ? "Run `npm install` in the repository: it brings its own Node."
    : "Install Node 24 or newer: https://nodejs.org";
  console.error(`tidegate needs Node ${LEAST_NODE} or newer; this is Node ${process.versions.node}.\n  ${advice}`);
  process.exit(1);
}

function handOver(node) {
  const args = [...(fromSource ? [CONDITION] : []), main, ...process.argv.slice(2)];
  // Replaces this process where Node can do that, so that there is one process with one id.
  if (typeof process.execve === "function" && process.channel === undefined) process.execve(node, [node, ...args], process.env);
  runAsChild(node, args);
}

/** The channel tells the child when this process is killed; signals and the exit code pass through. */
function runAsChild(node, args) {
  const child = spawn(node, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`tidegate cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
