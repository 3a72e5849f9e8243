/** One script call's worth of messages and the promises that wait for it. The same batch keeps its number when sent again. */
import type { Encoded } from "../message/codec.ts";
import { PRIORITIES } from "../message/message.ts";
import type { Receipt } from "../publishing.ts";

/** Limits of one script call: a longer one would hold up every other client of the server. */
const MAX_MESSAGES = 256;
const MAX_BYTES = 1_048_576;

export interface Waiting {
  readonly message: Encoded;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: Error) => void;
  /** Milliseconds on the monotonic clock. */
  readonly since: number;
}

export class Batch {
  readonly items: Waiting[] = [];
  bytes = 0;
  /** Set when it is first sent. */
  number = 0;

  /** False when it does not fit any more; a single oversized message always fits an empty batch. */
  add(item: Waiting): boolean {
    if (this.items.length >= MAX_MESSAGES) return false;
    if (this.items.length > 0 && this.bytes + item.message.size > MAX_BYTES) return false;
    this.items.push(item);
    this.bytes += item.message.size;
    return true;
  }

  arguments(answersKeptFor: number): string[] {
    const args = [String(this.number), String(answersKeptFor)];
    for (const { message } of this.items) {
      args.push(LANE_NUMBER[message.priority], String(message.fields.length));
      for (const field of message.fields) args.push(field);
    }
    return args;
  }

  /** From `<lane>:<first id> …`: ids of one lane in one batch are consecutive. */
  receipts(answer: string, streams: readonly string[]): Receipt[] {
    const next = new Map<number, { time: string; sequence: number }>();
    for (const part of answer.split(" ")) {
      const [lane = "", time = "", sequence = ""] = part.split(/[:-]/);
      next.set(Number(lane), { time, sequence: Number(sequence) });
    }
    return this.items.map(({ message }) => {
      const lane = Number(LANE_NUMBER[message.priority]);
      const at = next.get(lane);
      if (at === undefined) throw new Error(`the answer ${answer} misses lane ${lane}`);
      return { status: "stored", messageId: message.messageId, entryId: `${at.time}-${at.sequence++}`, stream: streams[lane - 1] ?? "" };
    });
  }
}

/** Order of the lanes in `publish.lua`. */
const LANE_NUMBER = Object.fromEntries(PRIORITIES.map((priority, index) => [priority, String(index + 1)])) as Record<
  (typeof PRIORITIES)[number],
  string
>;
