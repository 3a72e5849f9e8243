/** The ways to choose dead letters, the same on every `dlq` command. */
import type { Command } from "commander";
import type { DeadLetterFilter } from "@tidegate/streams";
import { time } from "./numbers.ts";

export interface FilterFlags {
  readonly topic?: string;
  readonly group?: string;
  readonly type?: string;
  readonly error?: string;
  readonly signature?: string;
  readonly from?: number;
  readonly to?: number;
  readonly text?: string;
}

export function withFilter(command: Command): Command {
  return command
    .option("--topic <topic>", "only of this topic")
    .option("--group <group>", "only failed in this group")
    .option("--type <type>", "only messages of this type")
    .option("--error <code>", "only with this error code")
    .option("--signature <signature>", "only this kind of failure, as dlq groups names it")
    .option("--from <time>", "died since: 2026-01-31T08:00, or 30m, 12h, 7d for so long ago", time)
    .option("--to <time>", "died until", time)
    .option("--text <text>", "part of the error message or of the data; looks at each letter");
}

export function filterOf(flags: FilterFlags): DeadLetterFilter {
  return {
    ...(flags.topic === undefined ? {} : { topic: flags.topic }),
    ...(flags.group === undefined ? {} : { group: flags.group }),
    ...(flags.type === undefined ? {} : { eventType: flags.type }),
    ...(flags.error === undefined ? {} : { errorCode: flags.error }),
    ...(flags.signature === undefined ? {} : { signature: flags.signature }),
    ...(flags.from === undefined ? {} : { from: flags.from }),
    ...(flags.to === undefined ? {} : { to: flags.to }),
    ...(flags.text === undefined ? {} : { text: flags.text }),
  };
}
