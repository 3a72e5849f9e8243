/**
 * One node-redis client with everything of its own switched off: it neither reconnects nor queues, so that a link alone decides
 * what happens to a command. User, password and TLS are given here and nowhere else.
 * It is the bare class, which sends commands but has no method for each: `createClient` would make some 800 functions for every new
 * connection, 20 ms of a processor, and while Redis is away each link tries a new one every half second.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { RedisClient } from "@redis/client";
import type { Endpoint, Host } from "./endpoint.ts";

export type Client = RedisClient<{}, {}, {}, 2, {}>;

/** Milliseconds until a new connection must have answered; within them the first ones are for TCP and TLS alone. */
export const CONNECT_LIMIT = 5_000;
const SOCKET_LIMIT = 3_000;

export function openClient(
  { host, port }: Host,
  { username, password, database, tls }: Pick<Endpoint, "username" | "password" | "database" | "tls">,
  name: string,
  limit: number = SOCKET_LIMIT,
): Client {
  return new RedisClient({
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    name,
    RESP: 2,
    // Nothing waits in a queue here, and links have a deadline of their own: a timer per command would only cost.
    commandOptions: { timeout: 0 },
    disableOfflineQueue: true,
    disableClientInfo: true,
    socket: {
      host,
      port,
      reconnectStrategy: false,
      connectTimeout: limit,
      keepAlive: true,
      keepAliveInitialDelay: 5_000,
      noDelay: true,
      ...(tls === null ? {} : { tls: true, ...tls }),
    },
  });
}

export function destroyClient(client: Client): void {
  client.removeAllListeners();
  client.on("error", () => {});
  try {
    client.destroy();
  } catch {
    // Already gone.
  }
}

/** Whether somebody listens there. */
export async function accepts({ host, port }: Host): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(1_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.on("error", () => {}).destroy();
  }
}

/** Whether somebody there answers a TLS greeting, be it with a refusal. Nothing is sent, so whose certificate it has does not matter. */
export async function speaksTls({ host, port }: Host): Promise<boolean> {
  const socket = connectTls({ host, port, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(1_000) });
    return true;
  } catch (error) {
    return /ALERT/.test(String((error as NodeJS.ErrnoException).code));
  } finally {
    socket.on("error", () => {}).destroy();
  }
}

export function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.constructor.name === "ConnectionTimeoutError";
}
