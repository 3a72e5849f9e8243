/** One message as one line, and as a page of its own. */
import type { Message } from "@tidegate/streams";
import { ago, facts, line, paint, printable } from "./output.ts";

export function messageLine(message: Message): string {
  const time = new Date(message.timestamp).toISOString().slice(11, 23);
  const priority = message.priority === "normal" ? "" : ` ${paint(message.priority === "critical" ? "red" : "yellow", message.priority)}`;
  const head = `${paint("dim", time)}  ${paint("dim", message.entryId)}  ${paint("cyan", printable(message.type))}${priority}`;
  return `${head}  ${paint("dim", printable(message.service))}  ${printable(JSON.stringify(message.data) ?? "null")}`;
}

export function messagePage(message: Message): void {
  facts([
    ["topic", message.topic],
    ["entry", message.entryId],
    ["stream", message.stream],
    ["type", message.type],
    ["message", message.messageId],
    ["service", message.service],
    ["priority", message.priority],
    ["time", `${new Date(message.timestamp).toISOString()} (${ago(message.timestamp)})`],
    ["correlation", message.correlationId],
    ...optional("causation", message.causationId),
    ...optional("user", message.userId),
    ...optional("trace", message.traceparent),
    ...Object.entries(message.extra),
  ]);
  line(printable(JSON.stringify(message.data, null, 2) ?? "null", "\n"));
}

// Private

function optional(name: string, value: string | null): [string, string][] {
  return value === null ? [] : [[name, value]];
}
