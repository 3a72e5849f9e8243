/** What every peer is asked to do, and the numbers of the workload. One place, so that no peer gets an easier task. */

/** Messages in flight while publishing: for each peer the same. */
export const IN_FLIGHT = 1_000;
/** Handlers running at once while consuming. */
export const CONCURRENCY = 100;
/** Messages of the untimed warm-up in front of every timed part, on a topic of its own. */
export const WARM_UP = 20_000;

/** About 200 bytes as JSON. `seq` lets the receiver count every message. */
export interface Payload {
  readonly seq: number;
  /** Unix milliseconds, with fraction, at which the message was due to be sent. */
  readonly at: number;
  readonly [field: string]: unknown;
}

export interface Running {
  stop(): Promise<void>;
}

export interface Peer {
  /** Publishes `count` messages, at most IN_FLIGHT unanswered at any time; resolves when all are answered. */
  publish(topic: string, count: number): Promise<void>;
  /** Resolves when `count` messages are acknowledged; calls `seen` for each delivery. `stop` fails if Redis still holds any. */
  consume(topic: string, count: number, seen: (payload: Payload) => void): Promise<Running>;
  /** As `consume`, but every message fails the first time; `seen` at its success. Where the peer has something to show here. */
  consumeFailingOnce?(topic: string, count: number, seen: (payload: Payload) => void): Promise<Running>;
  /** Resolves when the first read is armed; consumes until `stop`. */
  receive(topic: string, seen: (payload: Payload) => void): Promise<Running>;
  /** Sends one message now; resolves with its answer. */
  send(topic: string, payload: Payload): Promise<unknown>;
  close(): Promise<void>;
}

export function payload(seq: number, at: number = 0): Payload {
  return {
    seq,
    at,
    user: "u-1842",
    email: "ada.lovelace@example.com",
    action: "password_changed",
    ip: "192.0.2.17",
    agent: "Mozilla/5.0 (X11; Linux x86_64)",
    tags: ["security", "audit"],
    ok: true,
  };
}

/** Keeps `width` calls in flight until `count` are answered; the first failure rejects. */
export async function inFlight(count: number, width: number, call: (seq: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}
