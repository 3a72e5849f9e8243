/** What publishing takes and answers. Types only; `publish/` keeps the promises. */
import type { EventSchemas, OutgoingOf, TopicContract } from "./message/contract.ts";
import type { OutgoingMessage } from "./message/message.ts";

/**
 * What a publish waits for. `stored`: the server has it (and its append-only file, as often as that is synced).
 * `{ replicas }`: so many replicas have received it as well; rejects with `NotReplicated` when they did not within `timeout` ms (default 1,000).
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
  /** Checked against the schema of its type first; the schema's output is what is stored. */
  <E extends EventSchemas>(topic: TopicContract<E>, message: OutgoingOf<E>, options?: PublishOptions): Promise<Receipt>;
}
