/** Answers of the edge itself: the target's own page for the status, a small page for browsers, one line for everybody else. */
import { STATUS_CODES } from "node:http";
import type { TargetData } from "../../routes/spec.ts";
import type { AccessRecord, Conversation } from "./exchange.ts";
import { REASONS, type Reason } from "./reasons.ts";

export interface Refused {
  readonly status: number;
  readonly reason: Reason;
  /** Lines with CRLF. */
  readonly fields: string;
  /** Instead of the reason's words. */
  readonly body?: string;
}

interface Asked {
  readonly conversation: Conversation;
  readonly record: AccessRecord;
  readonly target: { readonly data: TargetData } | null;
}

const PLAIN = "Content-Type: text/plain; charset=utf-8\r\n";
const HTML = "Content-Type: text/html; charset=utf-8\r\n";

/** The record says what was answered; nothing where the answer has begun or nobody is there any more. */
export function refuse({ conversation, record, target }: Asked, { status, reason, fields, body }: Refused): void {
  record.status = status;
  record.reason = reason;
  if (conversation.begun) return conversation.cut();
  const own = target?.data.error_pages[String(status)];
  const trace = `X-Trace-Id: ${record.traceId}\r\nCache-Control: no-store\r\n`;
  if (own !== undefined) return answer(conversation, record, status, fields + trace + HTML, own);
  const words = body ?? REASONS[reason];
  if (isBrowser(conversation)) return answer(conversation, record, status, fields + trace + HTML, page(status, words, record.traceId));
  answer(conversation, record, status, fields + trace + PLAIN, `${status} ${reason}: ${words}\n`);
}

export function answer(conversation: Conversation, record: AccessRecord, status: number, fields: string, body: string): void {
  const bytes = Buffer.from(body);
  record.status = status;
  record.bytesOut += bytes.length;
  record.endedAt = performance.now();
  conversation.answer(status, fields, bytes);
}

// Private

function isBrowser({ request }: Conversation): boolean {
  return request.fields.get("accept")?.includes("text/html") === true;
}

function page(status: number, words: string, trace: string): string {
  const title = `${status} ${STATUS_CODES[status] ?? ""}`.trim();
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1.5rem}
h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:0 0 1rem}code{font-size:.8rem;opacity:.7}</style>
<h1>${title}</h1><p>${escapeHtml(words)}</p><code>${trace}</code>\n`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
