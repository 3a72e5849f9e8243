/**
 * Typed topics: one schema per event type, of any library that speaks Standard Schema (zod, valibot, arktype, …).
 * The types of `publish` and of handlers follow from it; the data is checked at both ends.
 * https://standardschema.dev
 *
 * What is stored is the schema's *input*, as JSON carries it; each end parses it exactly once. So a schema may transform: the handler
 * gets the output, and whatever publish accepts was checked in the very form the consumer reads.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { asError, TidegateError } from "../errors.ts";
import { checkTopic } from "../keys.ts";
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

/** Names a topic and its events. Nothing is created until something is published or consumed. Throws INVALID_TOPIC or INVALID_CONFIG. */
export function defineTopic<const E extends EventSchemas>(contract: { readonly name: string; readonly events: E }): TopicContract<E> {
  checkTopic(contract.name);
  const events = Object.entries(contract.events);
  if (events.length === 0) throw new TidegateError("INVALID_CONFIG", `defineTopic(): ${contract.name} names no event.`);
  for (const [type, schema] of events) checkSchema(`defineTopic(): ${contract.name}.events.${type}`, schema);
  return contract;
}

/**
 * Checks a message before it is published; the answer carries a copy of its data, so that what is stored is what was checked.
 * Throws INVALID_DATA, UNKNOWN_TYPE or SCHEMA_FAILED.
 */
export async function checkOutgoing(contract: TopicContract, message: OutgoingMessage): Promise<OutgoingMessage> {
  const schema = schemaOf(contract, message.type);
  const json = onTheWire(message.data);
  // Not JSON at all: encoding refuses it and says where.
  if (json === undefined) return message;
  const { issues } = await validate(contract, message.type, schema, JSON.parse(json));
  if (issues !== undefined) throw invalid(contract, message.type, issues);
  return { ...message, data: JSON.parse(json) };
}

/** The same for a message that was read; the answer carries the schema's output, or says why no try will ever be accepted. Throws SCHEMA_FAILED. */
export async function checkIncoming(contract: TopicContract, message: Message): Promise<Message | TidegateError> {
  if (!Object.hasOwn(contract.events, message.type)) return unknownType(contract, message.type);
  const result = await validate(contract, message.type, schemaOf(contract, message.type), message.data);
  return result.issues === undefined ? { ...message, data: result.value } : invalid(contract, message.type, result.issues);
}

// Private

const ISSUES_SHOWN = 5;

function checkSchema(where: string, schema: unknown): void {
  const standard = (schema as Partial<StandardSchemaV1> | null | undefined)?.["~standard"];
  if (typeof standard?.validate === "function") return;
  throw new TidegateError("INVALID_CONFIG", `${where} is no schema.`, {
    hint: "Give one of a library that speaks Standard Schema: zod, valibot, arktype, …",
  });
}

function schemaOf(contract: TopicContract, type: string): StandardSchemaV1 {
  const schema = Object.hasOwn(contract.events, type) ? contract.events[type] : undefined;
  if (schema === undefined) throw unknownType(contract, type);
  return schema;
}

/** The data as a reader will find it, or undefined if JSON cannot carry it. */
function onTheWire(data: unknown): string | undefined {
  try {
    return data === undefined ? "null" : JSON.stringify(data);
  } catch {
    return undefined;
  }
}

async function validate(
  contract: TopicContract,
  type: string,
  schema: StandardSchemaV1,
  data: unknown,
): Promise<StandardSchemaV1.Result<unknown>> {
  try {
    return await schema["~standard"].validate(data);
  } catch (cause) {
    throw new TidegateError("SCHEMA_FAILED", `The schema of ${contract.name}/${type} threw: ${asError(cause).message}`, {
      cause,
      hint: "A schema says what is wrong by its issues; one that throws says nothing about the data.",
    });
  }
}

function unknownType(contract: TopicContract, type: string): TidegateError {
  return new TidegateError("UNKNOWN_TYPE", `The contract of ${contract.name} has no event ${JSON.stringify(type)}.`, {
    hint: `It names: ${Object.keys(contract.events).join(", ")}. Add it to defineTopic().`,
  });
}

function invalid(contract: TopicContract, type: string, issues: readonly StandardSchemaV1.Issue[]): TidegateError {
  const shown = issues.slice(0, ISSUES_SHOWN).map(textOf);
  const more = issues.length > ISSUES_SHOWN ? [`and ${issues.length - ISSUES_SHOWN} more`] : [];
  return new TidegateError("INVALID_DATA", `${contract.name}/${type}: ${[...shown, ...more].join("; ")}`);
}

function textOf(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".");
  return `${path === "" ? "data" : `data.${path}`}: ${issue.message}`;
}
