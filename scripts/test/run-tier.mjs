// Runs one tier through node:test on the project's Node: readable output for people, counts into a file for the summary.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSource, projectNode } from "../setup/node.mjs";
import { repository } from "../setup/step.mjs";

/** Answers `{ passed, failed, skipped, seconds }`; a tier that crashed or ran out of time counts at least one failure. */
export async function runTier(tier, files) {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  const countsFile = join(folder, "counts.json");
  const started = Date.now();
  try {
    const code = await runNode(tier, [...options(tier, countsFile), ...files]);
    const { passed, failed, skipped } = readCounts(countsFile);
    return { passed, failed: code === 0 ? failed : Math.max(failed, 1), skipped, seconds: (Date.now() - started) / 1000 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Private

function options(tier, countsFile) {
  const counter = new URL("./counts.mjs", import.meta.url).href;
  return [
    fromSource,
    "--test",
    `--test-concurrency=${tier.parallel}`,
    `--test-timeout=${tier.each}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${counter}`,
    `--test-reporter-destination=${countsFile}`,
  ];
}

/** What Node compiled: each of the many processes of a run would else strip and compile the same thousand modules, half a second each. */
const compiled = join(repository, "node_modules", ".cache", "tidegate-compiled");

/** `NODE_TEST_CONTEXT` would make an inner run report to an outer one, and `INIT_CWD` would let a test find a real instance. */
function runNode(tier, args) {
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled, ...tier.env };
  for (const name of ["NODE_TEST_CONTEXT", "INIT_CWD", "REDIS_STREAMS_URL", "REDIS_PASSWORD", "TIDEGATE_DATA", "TIDEGATE_NAMESPACE"])
    delete env[name];
  const child = spawn(projectNode, args, { cwd: repository, env, stdio: ["ignore", "inherit", "inherit"] });
  const timers = [setTimeout(() => stop(child, tier), tier.limit), setTimeout(() => child.kill("SIGKILL"), tier.limit + 10_000)];
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => {
      timers.forEach((timer) => clearTimeout(timer));
      done(code);
    });
  });
}

function stop(child, tier) {
  process.stdout.write(`\n✖ the ${tier.name} tier took longer than its ${tier.limit / 60_000} minutes and was ended\n`);
  child.kill("SIGTERM");
}

function readCounts(file) {
  try {
    const counts = JSON.parse(readFileSync(file, "utf8").trim().split("\n").at(-1));
    return { passed: counts.passed, failed: counts.failed + (counts.cancelled ?? 0), skipped: counts.skipped + (counts.todo ?? 0) };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
