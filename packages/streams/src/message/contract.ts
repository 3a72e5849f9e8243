/**
 * Typed topics: one schema per event type, of any library that speaks Standard Schema (zod, valibot, arktype, …).
 * The types of `publish` and of handlers follow from it; the data is checked at both ends.
 * https://standardschema.dev
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { TidegateError } from "../errors.ts";
import type { Message, OutgoingMessage } from "./message.ts";

/** Event type → schema of its data. */
export type EventSchemas = Readonly<Record<string, StandardSchemaV1>>;

export interface TopicContract<E extends EventSchemas = EventSchemas> {
  readonly name: string;
  readonly events: E;
}

/** What may be published: the schema's input as data. */
export type OutgoingOf<E extends EventSchemas> = {
  [T in keyof E & string]: Omit<OutgoingMessage, "type" | "data"> & {
    readonly type: T;
    readonly data: StandardSchemaV1.InferInput<E[T]>;
  };
}[keyof E & string];

/** What a handler gets: the schema's output as data; `message.type` tells them apart. */
export type MessageOf<E extends EventSchemas> = {
  [T in keyof E & string]: Omit<Message, "type" | "data"> & {
    readonly type: T;
    readonly data: StandardSchemaV1.InferOutput<E[T]>;
  };
}[keyof E & string];

/** Names a topic and its events. Pure: nothing is created until something is published or consumed. */
export function defineTopic<const E extends EventSchemas>(contract: { readonly name: string; readonly events: E }): TopicContract<E> {
  return contract;
}

/** Checks a message before it is published and takes over what the schema makes of its data. Throws INVALID_DATA or UNKNOWN_TYPE. */
export async function checkOutgoing(contract: TopicContract, message: OutgoingMessage): Promise<OutgoingMessage> {
  return { ...message, data: await validate(contract, message.type, message.data) };
}

/** The same for a message that was read. */
export async function checkIncoming(contract: TopicContract, message: Message): Promise<Message> {
  return { ...message, data: await validate(contract, message.type, message.data) };
}

// Private

async function validate(contract: TopicContract, type: string, data: unknown): Promise<unknown> {
  const schema = Object.hasOwn(contract.events, type) ? contract.events[type] : undefined;
  if (schema === undefined)
    throw new TidegateError("UNKNOWN_TYPE", `The contract of ${contract.name} has no event ${JSON.stringify(type)}.`, {
      hint: `It names: ${Object.keys(contract.events).join(", ")}. Add it to defineTopic().`,
    });
  const result = await schema["~standard"].validate(data);
  if (result.issues === undefined) return result.value;
  throw new TidegateError("INVALID_DATA", `${contract.name}/${type}: ${result.issues.slice(0, ISSUES_SHOWN).map(textOf).join("; ")}`);
}

const ISSUES_SHOWN = 5;

function textOf(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".");
  return `${path === "" ? "data" : `data.${path}`}: ${issue.message}`;
}
