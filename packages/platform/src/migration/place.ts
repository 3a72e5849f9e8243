/**
 * The two ends of a migration. A place gives what was written there since a cursor, and takes what comes from the other end: entries and
 * cursor in one step, so that each is copied once, whoever is killed and however many copy. What a place has been given it marks, and does not
 * give back.
 */

export interface Content {
  readonly type: string;
  /** JSON. */
  readonly data: string;
}

/** One message as it travels between two places. */
export interface Copy extends Content {
  /** The same on both sides: where it was written first, e.g. `opsconductor:identity:events/1731950000000-0`. */
  readonly origin: string;
  readonly service: string;
  readonly priority: "critical" | "high" | "normal" | "low";
  /** Unix milliseconds. */
  readonly at: number;
  /** Further wire fields that are known: `correlation_id`, `user_id`, `max_retries`, …. */
  readonly more: Readonly<Record<string, string>>;
}

export interface Batch {
  readonly copies: readonly Copy[];
  /** Looked at and not given: markers, and what came from the other end. */
  readonly skipped: number;
  readonly cursor: string;
}

export interface Place {
  /** For people, without secrets. */
  readonly name: string;
  /** The cursor of what is there now: a copy from here on leaves out what is older. */
  end(): Promise<string>;
  /** What was written since the cursor, at most `limit`; an empty batch has the cursor it was given. */
  after(cursor: string, limit: number): Promise<Batch>;
  /** How far the other end has been copied into this one; null at first. */
  copied(): Promise<string | null>;
  /** Takes the copies if nobody has moved the cursor meanwhile; answers whether it did. */
  take(copies: readonly Copy[], before: string | null, cursor: string): Promise<boolean>;
  /** What is here of these, in their order; null where nothing is. */
  lookUp(copies: readonly Copy[]): Promise<(Content | null)[]>;
  close(): Promise<void>;
}

/** The field that marks an entry as copied, with its origin as value. */
export const COPIED = "copied_from";
