/**
 * The power goes: Redis is killed, and its append-only file loses everything that no completed fdatasync had covered, as strace saw it.
 * The workers stand still for the last second, so that there is something to lose that nobody has handled.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { now } from "./effects.ts";
import type { Damage, Fault, Wound } from "./fault.ts";
import { removeAtExit } from "./leftovers.ts";
import { Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import { readTrace, type Synced } from "./synced.ts";

export const powerLoss: Fault = kind("power-loss", "everysec");
export const powerLossAlways: Fault = kind("power-loss-always", "always");

// Private

/** Messages stored while the workers stand still. */
const PILE = 200;
const FILE = "appendonly.aof.1.incr.aof";

function kind(name: Fault["name"], fsync: "everysec" | "always"): Fault {
  return {
    name,
    hold: [0, 800],
    missing: () =>
      spawnSync("strace", ["-D", "-f", "-o", "/dev/null", "true"]).status === 0 ? null : "it needs strace (apt-get install strace)",
    async prepare() {
      const folder = await mkdtemp(join(tmpdir(), "tidegate-power-"));
      const leftover = removeAtExit(folder);
      const trace = join(folder, "trace");
      const wrap = ["strace", "-D", "-f", "--seccomp-bpf", "-y", "-s", "0", "-ttt", "-e", "trace=write,fdatasync", "-o", trace];
      const server = await Server.start({ folder, wrap, fsync }).catch(async (error: unknown) => {
        await rm(folder, { recursive: true, force: true });
        throw error;
      });
      return {
        url: server.url,
        strike: (stage) => loseThePower(stage, server, trace, fsync),
        async [Symbol.asyncDispose]() {
          await server.stop();
          await ended(trace);
          leftover[Symbol.dispose]();
          await rm(folder, { recursive: true, force: true });
        },
      };
    },
  };
}

async function loseThePower(stage: Stage, server: Server, trace: string, fsync: "everysec" | "always"): Promise<Wound> {
  const goOn = await stage.pileUp(PILE);
  const from = now();
  await server.kill("SIGKILL");
  const { written, synced, at } = await cutBack(join(server.folder, "appendonlydir", FILE), trace);
  const syncedAt = at - (Date.now() - now());
  return {
    async heal(): Promise<Damage> {
      await server.start();
      goOn();
      const evidence = `${written - synced} of ${written} bytes gone, the last fsync began ${Math.round(from - syncedAt)} ms before`;
      if (fsync === "always") return { victims: [{ victim: "*", from }], evidence };
      const gone: Damage["gone"] = ({ answeredAt }) => answeredAt >= syncedAt - CLOCKS;
      return { victims: [{ victim: "*", from: syncedAt - CLOCKS }], gone, rewound: true, evidence };
    },
  };
}

/** Milliseconds: strace tells wall time, the history monotonic time. */
const CLOCKS = 2;

async function cutBack(path: string, trace: string): Promise<Synced> {
  const seen = readTrace(await ended(trace), FILE);
  const { size } = await stat(path);
  await truncate(path, size - seen.written + seen.synced);
  return seen;
}

/** The trace, once the tracer has seen the end of the server. */
async function ended(trace: string): Promise<string> {
  for (const end = now() + 5_000; ;) {
    const text = await readFile(trace, "utf8");
    const main = /^(\d+)/.exec(text)?.[1] ?? "";
    if (new RegExp(`^${main}\\s.*\\+\\+\\+ killed by SIGKILL`, "m").test(text)) return text;
    if (now() > end) throw new Error(`strace did not write down the end of the server in ${trace}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
