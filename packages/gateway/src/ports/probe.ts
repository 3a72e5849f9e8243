/** Asks the operating system for a port in the only way that has an answer: by listening there for a moment, alone. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export type Protocol = "tcp" | "udp";

/** `forbidden`: not for this user. `no_address`: the machine does not have it. */
export type Probed = "free" | "taken" | "forbidden" | "no_address";

export async function probe(protocol: Protocol, bind: string, port: number): Promise<Probed> {
  return await (protocol === "tcp" ? probeTcp(bind, port) : probeUdp(bind, port));
}

/** The ones that are taken only because another process asks in the same moment are not: looks three times. Answers what it found at last. */
export async function probeAgain(protocol: Protocol, bind: string, port: number): Promise<Probed> {
  let found = await probe(protocol, bind, port);
  for (const wait of [8, 24]) {
    if (found !== "taken") return found;
    await pause(wait + Math.random() * wait);
    found = await probe(protocol, bind, port);
  }
  return found;
}

// Private

const MEANINGS: Readonly<Record<string, Probed>> = {
  EADDRINUSE: "taken",
  EACCES: "forbidden",
  EPERM: "forbidden",
  EADDRNOTAVAIL: "no_address",
  EAFNOSUPPORT: "no_address",
  EINVAL: "no_address",
};

function probeTcp(host: string, port: number): Promise<Probed> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => judge(error, resolve, reject));
    server.listen({ host, port, exclusive: true, backlog: 1 }, () => server.close(() => resolve("free")));
  });
}

function probeUdp(address: string, port: number): Promise<Probed> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", (error) => {
      socket.close();
      judge(error, resolve, reject);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve("free")));
  });
}

function judge(error: NodeJS.ErrnoException, resolve: (found: Probed) => void, reject: (error: Error) => void): void {
  const meaning = MEANINGS[error.code ?? ""];
  if (meaning === undefined) reject(error);
  else resolve(meaning);
}
