/** The loads of the edge benchmark: wrk for how much, an open loop of our own for how long. */
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { PaceAnswer, PaceOrder } from "./edge-pace.ts";

/** The name every proxy is asked for; one that everybody resolves to this machine, because a certificate needs a name. */
export const HOST = "localhost";
/** As a hundred browsers would. */
const CONNECTIONS = 64;
/** Milliseconds after which a paced part has hung. */
const LIMIT = 30_000;

export interface Rate {
  /** Requests a second. */
  readonly rate: number;
  /** Cores the proxy used. */
  readonly cpu: number;
}

/** As many as it takes. `pids`: the proxy's processes. */
export async function flatOut(url: string, seconds: number, pids: readonly number[]): Promise<Rate> {
  const before = cpuSeconds(pids);
  const began = performance.now();
  const { stdout } = await promisify(execFile)("wrk", [
    "-t1",
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    "--timeout",
    "10s",
    "-H",
    `Host: ${HOST}`,
    url,
  ]);
  const elapsed = (performance.now() - began) / 1_000;
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk did not measure ${url}:\n${stdout}`);
  return { rate, cpu: (cpuSeconds(pids) - before) / elapsed };
}

/** So many a second, each due at a time fixed in advance. */
export async function paced(order: Omit<PaceOrder, "host">): Promise<PaceAnswer> {
  const child = fork(new URL("./edge-pace.ts", import.meta.url), [JSON.stringify({ host: HOST, ...order })], {
    execArgv: ["--conditions=@tidegate/source"],
  });
  try {
    const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`The paced client ended with ${String(code)}.`)));
    ended.catch(() => {});
    const [answer] = (await Promise.race([once(child, "message", { signal: AbortSignal.timeout(LIMIT) }), ended])) as [PaceAnswer];
    return answer;
  } finally {
    child.kill("SIGKILL");
  }
}

// Private

/** Of the processes and of their children: workers of nginx. Linux only; 0 elsewhere. */
function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ownSeconds(pid) + childrenOf(pid).reduce((all, child) => all + ownSeconds(child), 0), 0);
}

/** proc(5): fields 14 and 15 of stat, in hundredths of a second, counted behind the name, which may contain spaces. */
function ownSeconds(pid: number): number {
  const fields = text(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

function childrenOf(pid: number): number[] {
  return text(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function text(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}
