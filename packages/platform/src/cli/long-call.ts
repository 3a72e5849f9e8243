/**
 * A call of the REST interface that may take minutes, because something is pulled, built or drained meanwhile. Its trace is begun here, so that
 * what happens can be watched from the first moment. `fetch` would give up after five minutes without an answer.
 */
import { randomBytes } from "node:crypto";
import { request, type IncomingMessage } from "node:http";
import { request as secureRequest } from "node:https";
import { text } from "node:stream/consumers";
import { PlatformError } from "../errors.ts";
import { liveAddress, refusalOf, type FoundInstance } from "./instance-client.ts";

export interface LongCall {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

const LONGEST = 15 * 60_000;

export function newTrace(): string {
  return randomBytes(16).toString("hex");
}

/** The answer's body. Rejects with `Refused`, `PlatformError` (UNREACHABLE, ACCESS_DENIED), or the signal's reason. */
export async function callLong(instance: FoundInstance, call: LongCall, trace: string, signal: AbortSignal): Promise<unknown> {
  const url = new URL(call.path, instance.file.consoleUrl);
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
  const limit = AbortSignal.timeout(LONGEST);
  const answer = await send(url, call, headersOf(instance, call, trace), AbortSignal.any([signal, limit])).catch((error: unknown) => {
    signal.throwIfAborted();
    throw limit.aborted ? tooLong() : lost(url, error);
  });
  const found = parsed(answer.body);
  if (answer.status < 400) return found;
  throw refusalOf(instance, url, answer.status, found);
}

// Private

function headersOf(instance: FoundInstance, { body }: LongCall, trace: string): Record<string, string> {
  return {
    ...liveAddress(instance).headers,
    traceparent: `00-${trace}-${randomBytes(8).toString("hex")}-01`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
}

async function send(
  url: URL,
  call: LongCall,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = (url.protocol === "https:" ? secureRequest : request)(url, { method: call.method, headers, signal, agent: false });
  asked.on("response", resolve).on("error", reject);
  asked.end(call.body === undefined ? undefined : JSON.stringify(call.body));
  const answer = await promise;
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function lost(url: URL, cause: unknown): PlatformError {
  return new PlatformError("UNREACHABLE", `The line to Tidegate at ${url.origin} was lost; what was begun goes on there.`, {
    cause,
    hint: "See how it ended: tidegate service ls",
  });
}

function tooLong(): PlatformError {
  return new PlatformError("UNREACHABLE", "It is not done after 15 minutes; it goes on in the background.", {
    hint: "See how it goes on: tidegate service ls",
  });
}
