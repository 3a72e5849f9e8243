/** Redis without memory, or without disk: publishers must be refused honestly, and nothing that was answered may be lost. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { now } from "./effects.ts";
import type { Fault, Wound } from "./fault.ts";
import { atExit } from "./leftovers.ts";
import { onRedis } from "./redis-faults.ts";
import { Server } from "./server.ts";
import { withRedis, type Stage } from "./stage.ts";

/** Bytes Redis is over its limit when the strike begins; more than buffers come and go. */
const EXCESS = 100_000;
/** Messages that wait when the memory is full: consumers must be able to work them off. */
const PILE = 100;

export const outOfMemory: Fault = onRedis("out-of-memory", [800, 2_000], async (server, stage) => {
  const refusedBefore = stage.load.refused("REDIS_FULL");
  const goOn = await stage.pileUp(PILE);
  const from = now();
  await withRedis(server.url, async (call) => {
    const used = /used_memory:(\d+)/.exec(String(await call("INFO", "memory")))?.[1];
    await call("CONFIG", "SET", "maxmemory", String(Number(used) - EXCESS));
  });
  goOn();
  return {
    async heal() {
      const acked = stage.witness.deeds().filter((deed) => deed.kind === "acked" && deed.at > from).length;
      await withRedis(server.url, (call) => call("CONFIG", "SET", "maxmemory", "0"));
      return {
        victims: [{ victim: "*", from }],
        evidence: acked === 0 ? "" : refusals(stage, "REDIS_FULL", refusedBefore, `${acked} acknowledged meanwhile`),
      };
    },
  };
});

export const diskFull: Fault = {
  name: "disk-full",
  hold: [1_500, 2_500],
  missing: () =>
    process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0 ? null : "it needs to mount a small disk, as root",
  async prepare() {
    const folder = await mkdtemp(join(tmpdir(), "tidegate-disk-"));
    run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder);
    await using opened = new AsyncDisposableStack();
    opened.use(atExit(() => void spawnSync("umount", ["-l", folder])));
    opened.defer(() => unmount(folder));
    const server = opened.use(await Server.start({ folder }));
    const rest = opened.move();
    return {
      url: server.url,
      strike: (stage) => fillDisk(stage, join(folder, "ballast")),
      [Symbol.asyncDispose]: () => rest.disposeAsync(),
    };
  },
};

// Private

async function fillDisk(stage: Stage, ballast: string): Promise<Wound> {
  const from = now();
  const refusedBefore = stage.load.refused("REDIS_CANNOT_PERSIST");
  fill(ballast);
  return {
    async heal() {
      await unlink(ballast);
      return { victims: [{ victim: "*", from }], evidence: refusals(stage, "REDIS_CANNOT_PERSIST", refusedBefore, "no byte of disk left") };
    },
  };
}

/** Nothing when nobody was refused for this very reason. */
function refusals(stage: Stage, code: string, before: number, more: string): string {
  const refused = stage.load.refused(code) - before;
  return refused === 0 ? "" : `${refused} publishes refused with ${code}, ${more}`;
}

/** Until not even one more block fits. */
function fill(path: string): void {
  for (let size = 1 << 20; size >= 4_096;) {
    try {
      writeFileSync(path, Buffer.alloc(size), { flag: "a" });
    } catch {
      size >>= 1;
    }
  }
}

async function unmount(folder: string): Promise<void> {
  run("umount", folder);
  await rm(folder, { recursive: true, force: true });
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${stderr}`);
}
