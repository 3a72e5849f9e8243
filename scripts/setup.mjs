// Everything the product needs on this machine; does nothing, quickly, when it is all there.
import { pathToFileURL } from "node:url";
import { buildConsole } from "./setup/console.mjs";
import { installDependencies } from "./setup/dependencies.mjs";
import { installNode } from "./setup/node.mjs";
import { installRedis } from "./setup/redis.mjs";

export async function setup({ redis = !process.env.REDIS_STREAMS_URL, console = true } = {}) {
  await installDependencies();
  await installNode();
  if (redis) await installRedis();
  if (console) await buildConsole();
}

/** Runs a script's body; a failure is told in words and ends with code 1. */
export async function main(body) {
  try {
    await body(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(() => setup());
