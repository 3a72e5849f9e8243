/**
 * One notification to the sink, once. Trying again is the consumer's business: a refusal is final, everything else may pass.
 */
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { Unrecoverable } from "@tidegate/streams";

const PATIENCE = 2_000;

export interface Notification {
  /** Name of the sink's template. */
  readonly kind: string;
  readonly title: string;
  readonly detail: unknown;
}

/** Rejects with `Unrecoverable` (code `SINK_REFUSED`) on a 4xx answer. */
export async function deliver(url: string, notification: Notification, signal: AbortSignal): Promise<void> {
  const { status, reason } = await post(url, JSON.stringify(notification), AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]));
  if (status < 300) return;
  const message = `The sink answered ${status}: ${reason}`;
  if (status >= 400 && status < 500) throw new Unrecoverable(message, { code: "SINK_REFUSED" });
  throw new Error(message);
}

// Private

async function post(url: string, body: string, signal: AbortSignal): Promise<{ status: number; reason: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; reason: string }>();
  const sent = request(url, { method: "POST", agent: false, signal, headers: { "content-type": "application/json" } }, (response) => {
    text(response).then((reason) => resolve({ status: response.statusCode ?? 0, reason }), reject);
  });
  sent.once("error", reject);
  sent.end(body);
  return promise;
}
