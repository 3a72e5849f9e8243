/** The message a span published or handled, by the names spans give it. */
import type { SpanRecord } from "tidegate/contract";

export interface SpanMessage {
  topic: string;
  id: string;
  href: string;
}

export function messageOf({ attributes }: SpanRecord): SpanMessage | null {
  const topic = attributes["topic"] ?? attributes["messaging.destination.name"];
  const id = attributes["message_id"] ?? attributes["messaging.message.id"];
  if (typeof topic !== "string" || typeof id !== "string") return null;
  return { topic, id, href: `/messages/${encodeURIComponent(topic)}/${encodeURIComponent(id)}` };
}
