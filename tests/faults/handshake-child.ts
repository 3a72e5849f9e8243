/**
 * Full TLS handshakes at a steady rate, each on a connection of its own and without a session to take up: which certificates were shown, from when to
 * when, and what failed. A process of its own, because a handshake costs the client as much as the server. Told what to do by one message, which it answers
 * after the first handshake, and to stop by another.
 */
import { connect, createSecureContext, type SecureContext } from "node:tls";
import { setTimeout as pause } from "node:timers/promises";

export interface HandshakeOrder {
  readonly port: number;
  readonly host: string;
  /** Handshakes a second. */
  readonly rate: number;
  /** PEM; nothing else is trusted. */
  readonly roots: readonly string[];
}

/** Unix ms. */
export interface Shown {
  readonly serial: string;
  count: number;
  /** When the first of them was over. */
  first: number;
  /** When the connection of the last of them was opened. */
  last: number;
}

export interface HandshakeFigures {
  readonly begun: number;
  readonly shown: readonly Shown[];
  /** What went wrong, with how often. */
  readonly failed: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const LIMIT = 20_000;
/** Where the machine cannot do as many a second, fewer are done, instead of more and more that wait. */
const MOST_AT_ONCE = 32;

const shown = new Map<string, Shown>();
const failed: Record<string, number> = {};
const under = new Set<Promise<void>>();
let begun = 0;
let stopped = false;

process.on("message", (message: HandshakeOrder | "stop") => {
  if (message === "stop") stopped = true;
  else void run(message);
});

async function run(order: HandshakeOrder): Promise<void> {
  const context = createSecureContext({ ca: [...order.roots] });
  const began = performance.now();
  while (!stopped) {
    while (began + (1_000 * begun) / order.rate <= performance.now() && under.size < MOST_AT_ONCE && !stopped) start(order, context);
    await pause(2);
  }
  const seconds = (performance.now() - began) / 1_000;
  await Promise.all(under);
  process.send?.({ begun, shown: [...shown.values()], failed, seconds } satisfies HandshakeFigures, () => process.disconnect());
}

function start(order: HandshakeOrder, context: SecureContext): void {
  const at = Date.now();
  const done = one(order, context, begun++)
    .then((serial) => note(serial, at))
    .catch((error: unknown) => {
      const what = String((error as NodeJS.ErrnoException).code ?? error);
      failed[what] = (failed[what] ?? 0) + 1;
    })
    .finally(() => under.delete(done));
  under.add(done);
}

/** From a hundred addresses, since one may have only so many connections. */
function one({ port, host }: HandshakeOrder, secureContext: SecureContext, number: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const from = { localAddress: `127.0.${1 + (number % 100)}.1` };
  const socket = connect({ port, host: "127.0.0.1", servername: host, secureContext, ...from });
  socket.setTimeout(LIMIT, () => socket.destroy(new Error("no answer")));
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("closed")));
  socket.once("secureConnect", () => {
    resolve(socket.getPeerX509Certificate()?.serialNumber ?? "");
    socket.end();
  });
  // Read to the end, so that it closes in order.
  socket.resume();
  return promise;
}

function note(serial: string, at: number): void {
  const known = shown.get(serial);
  if (shown.size === 0) process.send?.("begun");
  if (known === undefined) return void shown.set(serial, { serial, count: 1, first: Date.now(), last: at });
  known.count += 1;
  known.last = Math.max(known.last, at);
}
