/** `tidegate publish`: one message, or the same one many times, from the command line or from stdin. */
import { Command, Option } from "commander";
import { text as readAll } from "node:stream/consumers";
import { PRIORITIES, PublishUnknown, type OutgoingMessage, type Priority, type Receipt, type Tide } from "@tidegate/streams";
import type { PublishAnswer } from "../contract.ts";
import { parseData } from "./json-data.ts";
import { wholeNumber } from "./numbers.ts";
import { count, line, paint, printJson, printable } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

interface PublishFlags {
  readonly priority?: Priority;
  readonly user?: string;
  readonly correlationId?: string;
  readonly maxRetries?: number;
  readonly count: number;
}

export function publishCommand(): Command {
  return new Command("publish")
    .description("Publish a message. The data is JSON; `-` reads it from stdin.")
    .argument("<topic>")
    .argument("<type>", "for example user_created")
    .argument("[data]", "JSON, or - for stdin", "{}")
    .addOption(new Option("--priority <lane>", "default: normal").choices(PRIORITIES))
    .option("--user <id>", "the user it is about")
    .option("--correlation-id <id>", "default: the message's own id")
    .option("--max-retries <n>", "retries after the first attempt, instead of the consumer's", wholeNumber(0, 1000))
    .option("--count <n>", "publish it n times", wholeNumber(1, 1_000_000), 1)
    .addHelpText("after", `\nExample:\n  tidegate publish identity user_created '{"name":"Ada"}' --priority high`)
    .action(publish);
}

// Private

const BATCH = 1000;

async function publish(topic: string, type: string, data: string, flags: PublishFlags, command: Command): Promise<void> {
  const settings = settingsOf(command);
  const message = outgoing(type, parseData(data === "-" ? await readAll(process.stdin) : data), flags);
  await using tide = await openTide(settings);
  const started = performance.now();
  const receipts = flags.count === 1 ? [await publishOne(tide, topic, message)] : await publishMany(tide, topic, message, flags.count);
  if (settings.json) return receipts.forEach((receipt) => printJson(answer(receipt)));
  line(`${paint("green", "✓")} ${printable(summary(topic, receipts, performance.now() - started))}`);
}

function outgoing(type: string, data: unknown, flags: PublishFlags): OutgoingMessage {
  const { priority, user, correlationId, maxRetries } = flags;
  return {
    type,
    data,
    ...(priority === undefined ? {} : { priority }),
    ...(user === undefined ? {} : { userId: user }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
  };
}

/** A lost answer is asked for once more: the library never stores the same batch twice. */
async function publishOne(tide: Tide, topic: string, message: OutgoingMessage): Promise<Receipt> {
  try {
    return await tide.publish(topic, message);
  } catch (error) {
    if (error instanceof PublishUnknown) return error.retry<Receipt>();
    throw error;
  }
}

async function publishMany(tide: Tide, topic: string, message: OutgoingMessage, total: number): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  while (receipts.length < total) {
    const results = await tide.publishMany(topic, Array(Math.min(BATCH, total - receipts.length)).fill(message));
    for (const result of results) {
      if (!result.ok)
        throw Object.assign(result.error, { message: `${receipts.length} of ${total} were stored, then: ${result.error.message}` });
      receipts.push(result.receipt);
    }
  }
  return receipts;
}

function answer(receipt: Receipt): PublishAnswer {
  return { status: receipt.status, message_id: receipt.messageId, entry_id: receipt.entryId, stream: receipt.stream };
}

function summary(topic: string, receipts: readonly Receipt[], took: number): string {
  const [first] = receipts;
  if (receipts.length === 1 && first !== undefined) return `stored in ${topic} as ${first.entryId}  (message ${first.messageId})`;
  return `${count(receipts.length)} messages stored in ${topic} in ${took.toFixed(0)} ms`;
}
