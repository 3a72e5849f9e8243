/** The sockets of this machine and the processes behind them, as Linux tells them in /proc. Elsewhere nothing is known. */
import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { normalBind } from "./overlaps.ts";
import type { Protocol } from "./probe.ts";

export interface Socket {
  readonly port: number;
  /** As `normalBind` answers it. */
  readonly address: () => string;
  readonly inode: string;
  /** Waits for others, rather than being connected. */
  readonly listening: boolean;
}

export interface Process {
  readonly pid: number;
  readonly name: string;
}

export async function socketsHere(protocol: Protocol): Promise<Socket[]> {
  const texts = await Promise.all([read(`/proc/net/${protocol}`), read(`/proc/net/${protocol}6`)]);
  return texts.flatMap((text) => parseSockets(text));
}

/** Text of `/proc/net/{tcp,tcp6,udp,udp6}`: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html */
export function parseSockets(text: string): Socket[] {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 9 && fields[1]?.includes(":") === true)
    .map(socketOf);
}

/** Looks through the open files of all processes, as far as this user may see them; ours first. */
export async function processOf(inodes: ReadonlySet<string>): Promise<Process | null> {
  const names = await readdir("/proc").catch(() => []);
  const others = names.filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  for (const pid of [String(process.pid), ...others]) if (await hasOpen(pid, inodes)) return { pid: Number(pid), name: await nameOf(pid) };
  return null;
}

// Private

const LISTEN = "0A";
/** Of UDP: bound and not connected. */
const UNCONNECTED = "07";

async function read(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "");
}

function socketOf(fields: readonly string[]): Socket {
  const [hex = "", port = ""] = fields[1]?.split(":") ?? [];
  return {
    port: Number.parseInt(port, 16),
    address: () => addressOf(hex),
    inode: fields[9] ?? "0",
    listening: fields[3] === LISTEN || fields[3] === UNCONNECTED,
  };
}

/** Words of 32 bits, each in the machine's order of bytes; every machine Node runs on today begins with the least. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...Buffer.from(word, "hex")].toReversed());
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[at * 2] ?? 0) * 256 + (bytes[at * 2 + 1] ?? 0)).toString(16));
  return normalBind(groups.join(":")) ?? "";
}

async function hasOpen(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const file of files) {
    const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
    if (target.startsWith("socket:[") && inodes.has(target.slice(8, -1))) return true;
  }
  return false;
}

/** The name the program gave itself; Node gives its main thread one that says nothing. */
async function nameOf(pid: string): Promise<string> {
  const name = (await read(`/proc/${pid}/comm`)).trim();
  const program = name.endsWith("MainThread") ? await readlink(`/proc/${pid}/exe`).catch(() => "node") : name;
  return program === "" ? "a program" : basename(program);
}
