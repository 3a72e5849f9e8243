/** One script call's worth of messages and the promises that wait for it. The same batch keeps its number when sent again. */
import type { Encoded } from "../message/encode.ts";
import { PRIORITIES, type Priority } from "../message/message.ts";
import type { Receipt, Wanted } from "../publishing.ts";
import type { TopicSettings } from "../views.ts";

/** Limits of one script call: a longer one would hold up every other client of the server. */
const MAX_MESSAGES = 256;
const MAX_BYTES = 1_048_576;

export interface Waiting {
  readonly message: Encoded;
  /** Bytes counted as waiting for Redis. */
  readonly counted: number;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: Error) => void;
}

export class Batch {
  readonly items: Waiting[] = [];
  /** Milliseconds on the monotonic clock of its first message. */
  readonly since: number;
  readonly durability: Wanted;
  /** How the topic is stored, as known when the batch began. */
  readonly settings: TopicSettings;
  bytes = 0;
  counted = 0;
  /** Set when it is first sent. */
  number = 0;
  /** The call that carries it, as long as that has neither answer nor fault. */
  underWay: Promise<readonly Receipt[]> | null = null;

  constructor(since: number, durability: Wanted, settings: TopicSettings) {
    this.since = since;
    this.durability = durability;
    this.settings = settings;
  }

  /** False when it does not fit any more; a single oversized message always fits an empty batch. */
  add(item: Waiting): boolean {
    if (this.items.length >= MAX_MESSAGES) return false;
    if (this.items.length > 0 && this.bytes + item.message.size > MAX_BYTES) return false;
    this.items.push(item);
    this.bytes += item.message.size;
    this.counted += item.counted;
    return true;
  }

  /** Messages alike stand behind one header, so that most of them cost two arguments. */
  arguments(answersKeptFor: number): string[] {
    const args = [String(this.number), String(answersKeptFor)];
    let previous: Encoded | undefined;
    let count = 0;
    let header = 0;
    for (const { message } of this.items) {
      if (previous === undefined || !this.#alike(previous, message)) {
        header = args.length;
        count = 0;
        args.push(String(this.#laneOf(message)), "", String(2 + message.more.length), message.type, message.service);
      }
      args[header + 1] = String(++count);
      args.push(message.data, message.messageId);
      if (message.more.length > 0) args.push(...message.more);
      previous = message;
    }
    return args;
  }

  /** From `<lane>:<first id> …`: ids of one lane in one batch are consecutive. */
  receipts(answer: string, streams: readonly string[]): Receipt[] {
    const next: ({ time: string; sequence: number } | undefined)[] = [];
    for (const part of answer.split(" ")) {
      const [lane = "", time = "", sequence = ""] = part.split(/[:-]/);
      next[Number(lane)] = { time: `${time}-`, sequence: Number(sequence) };
    }
    return this.items.map(({ message }) => {
      const lane = this.#laneOf(message);
      const at = next[lane];
      if (at === undefined) throw new Error(`the answer ${answer} misses lane ${lane}`);
      return new StoredReceipt(message.messageId, at.time + String(at.sequence++), streams[lane - 1] ?? "");
    });
  }

  #laneOf(message: Encoded): number {
    return LANE_NUMBER[this.settings.lanes ? message.priority : "normal"];
  }

  #alike(one: Encoded, other: Encoded): boolean {
    return (
      one.priority === other.priority && one.type === other.type && one.service === other.service && one.more.length === other.more.length
    );
  }
}

/** A class and no literal, for the reason `CompactFields` of `redis/shapes.ts` gives. */
class StoredReceipt implements Receipt {
  readonly status = "stored";
  readonly messageId: string;
  readonly entryId: string;
  readonly stream: string;

  constructor(messageId: string, entryId: string, stream: string) {
    this.messageId = messageId;
    this.entryId = entryId;
    this.stream = stream;
  }
}

/** Order of the lanes in `publish.lua`. */
const LANE_NUMBER = Object.fromEntries(PRIORITIES.map((priority, index) => [priority, index + 1])) as Record<Priority, number>;
