// How set-up talks and how it runs other programs: quiet when all is well, their last lines when not.
// Runs on Node 18 without dependencies, like everything in this folder.
import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Shows one line while the work runs and the time it took; the line is redrawn at a terminal. */
export async function step(title, work) {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  const live = process.stderr.isTTY;
  const show = () => process.stderr.write(`\r\x1b[2K  … ${title} (${seconds()})`);
  const timer = live ? setInterval(show, 200) : undefined;
  if (!live) process.stderr.write(`  … ${title}\n`);
  try {
    const result = await work();
    process.stderr.write(`${live ? "\r\x1b[2K" : ""}  ✓ ${title} (${seconds()})\n`);
    return result;
  } catch (error) {
    process.stderr.write(`${live ? "\r\x1b[2K" : ""}  ✗ ${title}\n`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** Runs a program to its end with its output held back; throws with the last lines when it fails. */
export function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: repository, env: environment(), ...options, stdio: ["ignore", "pipe", "pipe"] });
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.on("error", (error) => fail(new Error(`${command} cannot be started: ${error.message}`)));
    child.on("close", (code) => {
      const output = Buffer.concat(chunks).toString();
      if (code === 0) done(output);
      else fail(new Error(`${[command, ...args].join(" ").slice(0, 200)} ended with code ${code}:\n${lastLines(output)}`));
    });
  });
}

/** The user's environment without this repository's own `.bin`: npm must not run on a Node that it is about to replace. */
export function environment() {
  const own = join(repository, "node_modules", ".bin");
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== own);
  return { ...process.env, PATH: path.join(delimiter) };
}

function lastLines(output) {
  return output
    .trim()
    .split("\n")
    .slice(-20)
    .map((line) => `    ${line}`)
    .join("\n");
}
