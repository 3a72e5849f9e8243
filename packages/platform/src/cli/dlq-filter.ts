/** The four ways to choose dead letters, the same on every `dlq` command. */
import type { Command } from "commander";
import type { DeadLetterFilter } from "@tidegate/streams";

export interface FilterFlags {
  readonly topic?: string;
  readonly group?: string;
  readonly type?: string;
  readonly error?: string;
}

export function withFilter(command: Command): Command {
  return command
    .option("--topic <topic>", "only of this topic")
    .option("--group <group>", "only failed in this group")
    .option("--type <type>", "only messages of this type")
    .option("--error <code>", "only with this error code");
}

export function filterOf(flags: FilterFlags): DeadLetterFilter {
  return {
    ...(flags.topic === undefined ? {} : { topic: flags.topic }),
    ...(flags.group === undefined ? {} : { group: flags.group }),
    ...(flags.type === undefined ? {} : { eventType: flags.type }),
    ...(flags.error === undefined ? {} : { errorCode: flags.error }),
  };
}
