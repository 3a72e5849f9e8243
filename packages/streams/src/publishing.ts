/** What publishing takes and answers. `publish/` keeps the promises. */
import { TidegateError } from "./errors.ts";
import type { EventSchemas, OutgoingOf, TopicContract } from "./message/contract.ts";
import type { OutgoingMessage } from "./message/message.ts";

/**
 * What a publish waits for. `stored`: the server has it (and its append-only file, as often as that is synced).
 * `{ replicas }`: so many replicas have received it as well; rejects with `NotReplicated` when they did not within `timeout` ms (default 1,000,
 * at most 60,000).
 * https://redis.io/docs/latest/commands/wait/
 */
export type Durability = "stored" | { readonly replicas: number; readonly timeout?: number };

export interface Receipt {
  readonly status: "stored" | "replicated";
  readonly messageId: string;
  /** `<milliseconds>-<sequence>` in the lane's stream. Never an idempotency key: a failover may issue it twice. */
  readonly entryId: string;
  /** The stream key the entry went to. */
  readonly stream: string;
  /** Replicas that had received it; only with `durability: { replicas }`. */
  readonly replicas?: number;
}

export interface PublishOptions {
  /** Default: the connection's. */
  readonly durability?: Durability;
}

export type PublishResult = { readonly ok: true; readonly receipt: Receipt } | { readonly ok: false; readonly error: Error };

/**
 * Stores one message. Awaited calls of one tick travel as one script call.
 * Rejects with `PublishUnknown` (its `.retry()` is safe) if the answer was lost, else with a `TidegateError` and nothing was stored;
 * only `NotReplicated` means stored, but on fewer replicas than asked for.
 */
export interface Publish {
  (topic: string, message: OutgoingMessage, options?: PublishOptions): Promise<Receipt>;
  /**
   * Checked against the schema of its type first, in the form JSON carries it; INVALID_DATA, UNKNOWN_TYPE and SCHEMA_FAILED store nothing.
   * What is stored is the data as given (the schema's input): each consumer parses it once and hands out the schema's output.
   */
  <E extends EventSchemas>(topic: TopicContract<E>, message: OutgoingOf<E>, options?: PublishOptions): Promise<Receipt>;
}

/** Checked, with nothing left to default. */
export interface Replicated {
  readonly replicas: number;
  readonly timeout: number;
}
export type Wanted = "stored" | Replicated;

/** Milliseconds; a longer one would hold up the publishes behind it for longer than anybody waits. */
export const LONGEST_WAIT = 60_000;

/** Throws INVALID_CONFIG. */
export function checkDurability(given: Durability): Wanted {
  if (given === "stored") return given;
  if (typeof given !== "object" || given === null) throw invalid(`"stored" or { replicas, timeout }, found ${JSON.stringify(given)}`);
  const { replicas, timeout = DEFAULT_TIMEOUT } = given;
  if (!isWithin(replicas, MAX_REPLICAS)) throw invalid(`replicas, a whole number from 1 to ${MAX_REPLICAS}, found ${String(replicas)}`);
  if (!isWithin(timeout, LONGEST_WAIT)) throw invalid(`timeout, whole milliseconds from 1 to ${LONGEST_WAIT}, found ${String(timeout)}`);
  return { replicas, timeout };
}

// Private

const DEFAULT_TIMEOUT = 1_000;
const MAX_REPLICAS = 100;

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

function invalid(expected: string): TidegateError {
  return new TidegateError("INVALID_CONFIG", `durability must be ${expected}.`, {
    hint: 'Write "stored", or { replicas: 1, timeout: 1000 } for as many replicas as must have the message.',
  });
}
