/** Who has a port that nobody of ours claimed: a process by its name, as far as it can be known. */
import { overlaps } from "./overlaps.ts";
import type { PortHolder } from "./ports.ts";
import type { Protocol } from "./probe.ts";
import { processOf, socketsHere, type Process } from "./sockets.ts";

export const NOBODY: PortHolder = { kind: "nobody", who: "nobody", claim: null, process: null };

/** For a port that the operating system has just refused. */
export async function strangerAt(protocol: Protocol, bind: string, port: number): Promise<PortHolder> {
  const found = await processAt(protocol, bind, port);
  return { kind: "process", who: found === null ? unknown() : inWords(found), claim: null, process: found };
}

/** `nginx (pid 812)` */
export function inWords({ name, pid }: Process): string {
  return `${pid === process.pid ? "Tidegate itself" : name} (pid ${pid})`;
}

export async function processAt(protocol: Protocol, bind: string, port: number): Promise<PortHolder["process"]> {
  const there = (await socketsHere(protocol)).filter((socket) => socket.port === port && overlaps(socket.address(), bind));
  const listening = there.filter((socket) => socket.listening);
  const inodes = (listening.length > 0 ? listening : there).map(({ inode }) => inode).filter((inode) => inode !== "0");
  return inodes.length === 0 ? null : await processOf(new Set(inodes));
}

// Private

function unknown(): string {
  const hidden = process.platform === "linux" && process.getuid?.() !== 0;
  return hidden ? "another program (its name is only visible to root)" : "another program";
}
