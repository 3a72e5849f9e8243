/** A reverse proxy in a process and a folder of its own, in front of one upstream on this machine; ended with its folder. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { CertificateFiles } from "../../../packages/streams/src/testing/certificates.ts";
import { freePort } from "../../../packages/streams/src/testing/redis-server.ts";

export interface ProxyOptions {
  /** Of the upstream, on 127.0.0.1. */
  readonly upstream: number;
  /** With one it serves HTTPS too, on `securePort`. */
  readonly certificate?: CertificateFiles;
}

export interface Proxy extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  readonly securePort: number;
  readonly pid: number;
}

/** What differs between programs. */
export interface ProxyProgram {
  readonly name: string;
  /** Says its version, on either output. */
  readonly version: readonly string[];
  /** Name and text of its configuration file. */
  configuration(place: ProxyPlace): readonly [name: string, text: string];
  command(file: string, folder: string): readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface ProxyPlace extends ProxyOptions {
  readonly folder: string;
  readonly port: number;
  readonly securePort: number;
}

/** Tries, because a free port may be taken before the program listens there. */
const ATTEMPTS = 3;
/** Milliseconds until it listens. */
const START_LIMIT = 10_000;

export async function startProxy(program: ProxyProgram, options: ProxyOptions): Promise<Proxy> {
  for (let left = ATTEMPTS; ; left--) {
    try {
      return await attempt(program, options);
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

// Private

async function attempt(program: ProxyProgram, options: ProxyOptions): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), `tidegate-${program.name}-`));
  const [port, securePort] = [await freePort(), await freePort()];
  const [name, text] = program.configuration({ ...options, folder, port, securePort });
  writeFileSync(join(folder, name), text);
  const [command = "", ...args] = program.command(join(folder, name), folder);
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], HOME: folder, ...program.environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const end = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listens(child, port);
    return { name: program.name, version: versionOf(program), port, securePort, pid: child.pid!, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

function versionOf({ version: [command = "", ...args] }: ProxyProgram): string {
  const said = execFileSync("sh", ["-c", '"$0" "$@" 2>&1', command, ...args], { encoding: "utf8" });
  return /\d+\.\d+\.\d+/.exec(said)?.[0] ?? "unknown";
}

async function listens(child: ChildProcess, port: number): Promise<void> {
  let said = "";
  child.on("error", (error) => (said += error.message));
  child.stderr?.on("data", (chunk) => (said += String(chunk)));
  const end = performance.now() + START_LIMIT;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || child.pid === undefined || performance.now() > end)
      throw new Error(`${child.spawnfile} does not listen on ${port}:\n${said}`);
    await pause(10);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
  await exit;
  clearTimeout(timer);
}
