/**
 * Connects to one of a port's endpoints. Who refuses is passed over; when all refuse, they are asked again for a second, by what the port's
 * endpoints are then: a connection that comes while a service is switched must not fail.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Endpoint } from "../switch.ts";
import type { Connections } from "./connections.ts";
import { cut } from "./socket.ts";

export interface Line {
  readonly upstream: Socket;
  /** To be called when it is over. */
  readonly release: () => void;
}

export interface DialOptions {
  /** As they are at the moment. */
  readonly endpoints: () => readonly Endpoint[];
  readonly connections: Connections;
  /** Which one is asked first. */
  readonly turn: number;
  /** Whether somebody still wants it. */
  readonly wanted: () => boolean;
  /** What cuts the whole connection. */
  readonly end: () => void;
}

const CONNECT_LIMIT = 5_000;
const PATIENCE = 1_000;
const REST = 25;

/** Rejects with the last reason; null when there is no endpoint. */
export async function dial(options: DialOptions): Promise<Line | null> {
  const giveUp = performance.now() + PATIENCE;
  let reason: unknown = null;
  while (options.wanted()) {
    const endpoints = options.endpoints();
    if (endpoints.length === 0) return null;
    for (let at = 0; at < endpoints.length; at += 1) {
      const endpoint = endpoints[(options.turn + at) % endpoints.length];
      if (endpoint === undefined) continue;
      try {
        return await reach(endpoint, options);
      } catch (error) {
        reason = error;
      }
    }
    if (performance.now() > giveUp) break;
    await pause(REST);
  }
  throw reason ?? new Error("the client went away");
}

// Private

async function reach({ id, host, port }: Endpoint, { connections, end }: DialOptions): Promise<Line> {
  const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
  let established = false;
  // While it is dialled a cut makes the dial fail, and another endpoint is asked.
  const release = connections.open(id, () => (established ? end() : upstream.destroy(new Error("the endpoint is drained"))));
  try {
    await connected(upstream);
    established = true;
    return { upstream, release };
  } catch (error) {
    cut(upstream);
    release();
    throw error;
  }
}

function connected(upstream: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => upstream.destroy(new Error(`no answer within ${CONNECT_LIMIT / 1000} s`)), CONNECT_LIMIT);
    const fail = (error: Error): void => reject(error);
    const over = (): void => reject(new Error("closed while connecting"));
    // The error listener stays: until the tunnel stands, an error must not end the process.
    upstream.on("error", fail).once("close", over);
    upstream.once("connect", () => {
      upstream.off("close", over);
      resolve();
    });
    void upstream.once("close", () => clearTimeout(late)).once("connect", () => clearTimeout(late));
  });
}
