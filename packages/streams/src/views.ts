/** What the inspecting calls answer: topics, groups, pending entries and dead letters as plain values. */
import type { AttemptRecord, Message, Priority } from "./message/message.ts";

export interface LaneInfo {
  readonly priority: Priority;
  readonly stream: string;
  readonly length: number;
  readonly lastEntryId: string | null;
  /** Entries ever added; grows by one per publish, trimming or not. */
  readonly entriesAdded: number;
}

export interface GroupInfo {
  readonly topic: string;
  readonly group: string;
  /**
   * Not yet delivered, over all lanes. Counted exactly up to 1,000 per lane; beyond that the server's own number, which Redis 7.0 may
   * overstate after a failover, but never above what the stream holds.
   */
  readonly lag: number;
  /** Seconds since the oldest message not yet delivered was stored; 0 where there is none. */
  readonly lagSeconds: number;
  /** Delivered and unanswered, retries in work included. */
  readonly pending: number;
  /** Waiting for their due time. */
  readonly retrying: number;
  readonly consumers: readonly ConsumerInfo[];
  /** Lanes on which Redis has no such group; not empty means messages there are not read. */
  readonly missingLanes: readonly Priority[];
  /** Milliseconds the oldest pending entry has been without heartbeat, or null. */
  readonly oldestPendingIdle: number | null;
}

export interface ConsumerInfo {
  readonly name: string;
  readonly pending: number;
  /** Milliseconds since its last attempt to read. */
  readonly idle: number;
}

export interface StreamInfo {
  readonly topic: string;
  /** Key of the normal lane. */
  readonly stream: string;
  /** Entries over all lanes. */
  readonly length: number;
  readonly entriesAdded: number;
  readonly firstEntry: Message | null;
  readonly lastEntry: Message | null;
  readonly lanes: readonly LaneInfo[];
  readonly groups: readonly GroupInfo[];
}

export interface PendingEntry {
  readonly entryId: string;
  readonly stream: string;
  readonly consumer: string;
  readonly idle: number;
  readonly deliveries: number;
  /** Lane or `retry`. */
  readonly source: Priority | "retry";
}

export interface WaitingRetry {
  readonly entryId: string;
  readonly dueAt: number;
  readonly failures: number;
  readonly lastError: string | null;
}

export interface PendingInfo {
  readonly topic: string;
  readonly group: string;
  readonly count: number;
  /** At most the first 100 per stream. */
  readonly entries: readonly PendingEntry[];
  /** At most the next 100 due. */
  readonly retries: readonly WaitingRetry[];
  readonly retryCount: number;
}

export interface DeadLetter {
  /** Entry id in the dead-letter stream; what replay and discard take. */
  readonly id: string;
  readonly topic: string;
  readonly originalStream: string;
  readonly originalId: string;
  readonly group: string;
  readonly consumer: string;
  /** Unix milliseconds. */
  readonly failedAt: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly errorStack: string | null;
  readonly attempts: readonly AttemptRecord[];
  /** Null where the entry could not be decoded; `raw` always has the fields. */
  readonly message: Message | null;
  readonly raw: Readonly<Record<string, string>>;
}

export interface DeadLetterFilter {
  readonly topic?: string;
  readonly group?: string;
  readonly eventType?: string;
  readonly errorCode?: string;
  /** `DeadLetterGroup.signature`: the same failure. */
  readonly signature?: string;
  /** When they died: inclusive, Unix milliseconds. */
  readonly from?: number;
  readonly to?: number;
  /** Part of the error message or of the data; looks at each letter. */
  readonly text?: string;
  readonly ids?: readonly string[];
}

export interface DeadLetterPage {
  readonly items: readonly DeadLetter[];
  /** Give it back as `cursor` for the next page; null at the end. */
  readonly next: string | null;
  /** All dead letters, unfiltered. */
  readonly total: number;
}

/** A replay that goes on in the background. */
export interface ReplayJob {
  readonly id: string;
  readonly filter: DeadLetterFilter;
  /** Letters a second; 0 for as fast as it goes. */
  readonly rate: number;
  readonly state: "running" | "done" | "cancelled" | "failed";
  /** Letters that matched when it began. */
  readonly total: number;
  readonly replayed: number;
  /** Gone before their turn: replayed or discarded by somebody else, or expired. */
  readonly skipped: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly finishedAt: number | null;
  readonly error: string | null;
}

/** How a topic is stored; kept in `<ns>:<topic>:config`. */
export interface TopicSettings {
  /** False: one stream, read by other programs as well; priority is then only a field. Default true. */
  readonly lanes: boolean;
  /** `full` writes every field of the message, `compact` leaves out those equal to their default. Default `compact`. */
  readonly wire: "compact" | "full";
}

/** What the server is and can do. */
export interface Capabilities {
  readonly server: "redis" | "valkey";
  readonly version: string;
  readonly role: "primary" | "replica";
  /** Names of the optional commands it has: `WAITAOF`, `XACKDEL`, `XDELEX`, `XNACK`, … */
  readonly commands: readonly string[];
}

/** Failures of one kind: same topic, group, type, code, and text apart from numbers and ids. */
export interface DeadLetterGroup {
  readonly signature: string;
  readonly topic: string;
  readonly group: string;
  readonly eventType: string;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
}
