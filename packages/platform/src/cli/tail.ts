/** `tidegate tail`: the newest messages of a topic, then, with `--follow`, each new one. Belongs to no group, takes nothing away. */
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import type { Message, Tide } from "@tidegate/streams";
import { messageLine } from "./message-lines.ts";
import { requireTopic } from "./names.ts";
import { wholeNumber } from "./numbers.ts";
import { counted, line, printJson } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

interface TailFlags {
  readonly follow?: boolean;
  readonly tail: number;
  readonly type?: string;
}

export function tailCommand(): Command {
  return new Command("tail")
    .description("Show the newest messages of a topic. With --follow each new one appears as it is published, until Ctrl-C.")
    .argument("<topic>")
    .option("-f, --follow", "go on with new messages")
    .option("--tail <n>", "how many old ones first", wholeNumber(0, 100_000), 10)
    .option("--type <type>", "only messages of this type")
    .action(tail);
}

// Private

/** Short enough to feel live, long enough that Redis does not notice. */
const POLL = 200;

async function tail(topic: string, flags: TailFlags, command: Command): Promise<void> {
  const settings = settingsOf(command);
  const interrupt = new AbortController();
  await using tide = await openTide(settings);
  await requireTopic(tide, topic);
  let shown = 0;
  const show = (message: Message): void => {
    if (flags.type !== undefined && message.type !== flags.type) return;
    shown += 1;
    if (settings.json) printJson(message);
    else line(messageLine(message));
  };
  const seen = await Seen.present(tide, topic);
  for (const message of await newest(tide, topic, flags)) {
    seen.add(message);
    show(message);
  }
  if (flags.follow !== true) return;
  process.once("SIGINT", () => interrupt.abort());
  process.once("SIGTERM", () => interrupt.abort());
  await follow(tide, topic, seen, show, interrupt.signal);
  process.stderr.write(`\n${counted(shown, "message")} of ${topic} shown.\n`);
  process.exitCode = 130;
}

/** Oldest first; a filter by type looks through the whole topic, newest first. */
async function newest(tide: Tide, topic: string, flags: TailFlags): Promise<Message[]> {
  const found: Message[] = [];
  if (flags.tail === 0) return found;
  const limit = flags.type === undefined ? { limit: flags.tail } : {};
  for await (const message of tide.read(topic, { reverse: true, ...limit })) {
    if (flags.type === undefined || message.type === flags.type) found.push(message);
    if (found.length >= flags.tail) break;
  }
  return found.reverse();
}

async function follow(tide: Tide, topic: string, seen: Seen, show: (message: Message) => void, signal: AbortSignal): Promise<void> {
  let from = seen.from;
  while (!signal.aborted) {
    for await (const message of tide.read(topic, { from })) if (seen.add(message)) show(message);
    from = seen.from;
    await pause(POLL, undefined, { signal }).catch(() => {});
  }
}

function millisecond(entryId: string): number {
  return Number(entryId.split("-")[0]);
}

/**
 * Lanes count their entries alone, so two may have the same id and a later one a smaller sequence: the last millisecond is read
 * again each time, and what was shown of it is remembered.
 */
class Seen {
  #millisecond: number;
  readonly #inMillisecond = new Set<string>();

  private constructor(last: number) {
    this.#millisecond = last;
  }

  /** What stands in the topic now is old, whether it is shown or not. */
  static async present(tide: Tide, topic: string): Promise<Seen> {
    const { lanes } = await tide.streamInfo(topic);
    const seen = new Seen(Math.max(0, ...lanes.map((lane) => millisecond(lane.lastEntryId ?? "0-0"))));
    for await (const message of tide.read(topic, { from: seen.from })) seen.add(message);
    return seen;
  }

  get from(): string {
    return `${this.#millisecond}-0`;
  }

  /** False if it was there already. */
  add(message: Message): boolean {
    const at = millisecond(message.entryId);
    const key = `${message.stream} ${message.entryId}`;
    if (this.#inMillisecond.has(key)) return false;
    if (at > this.#millisecond) this.#inMillisecond.clear();
    this.#millisecond = Math.max(at, this.#millisecond);
    if (at === this.#millisecond) this.#inMillisecond.add(key);
    return true;
  }
}
