/**
 * Docker's own feed of what happens to containers. It goes on over restarts of the engine; `onGap` is called each time the feed has begun, because
 * before that anything may have happened. An engine that no longer answers pings is left, however open its connection looks.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { LABELS, type EngineEvent } from "./engine.ts";
import { jsonLines } from "./json-lines.ts";

const PING_MS = 15_000;
const BACKOFF = { first: 100, most: 5_000 };

/** https://docs.docker.com/reference/api/engine/version/v1.47/#tag/System/operation/SystemEvents */
export interface RawEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
  readonly time?: number;
  readonly timeNano?: number;
}

export async function followEvents(
  connection: Connection,
  namespace: string,
  on: { readonly event: (event: EngineEvent) => void; readonly gap: () => void },
  signal: AbortSignal,
): Promise<void> {
  let wait = BACKOFF.first;
  while (!signal.aborted) {
    try {
      await feed(connection, namespace, on, signal, () => (wait = BACKOFF.first));
    } catch {
      // Whoever calls the engine hears of it; here only the way back matters.
    }
    await delay(wait * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
    wait = Math.min(wait * 2, BACKOFF.most);
  }
}

/** Null for what is none of ours. The feed tells of foreign containers too; networks do not tell the container's labels. */
export function engineEvent(raw: RawEvent, namespace: string): EngineEvent | null {
  const labels = raw.Actor?.Attributes ?? {};
  const [action = ""] = (raw.Action ?? "").split(":");
  const network = raw.Type === "network";
  const container = network ? labels["container"] : raw.Actor?.ID;
  if (container === undefined || action.startsWith("exec_")) return null;
  if (network ? !["connect", "disconnect"].includes(action) : !isOurs(labels, namespace)) return null;
  const exit = Number(labels["exitCode"]);
  return {
    action: ACTIONS.get(action) ?? "other",
    container,
    labels: network ? {} : labels,
    exit_code: labels["exitCode"] === undefined || Number.isNaN(exit) ? null : exit,
    at: raw.timeNano === undefined ? (raw.time ?? 0) * 1000 : Math.floor(raw.timeNano / 1e6),
  };
}

// Private

const ACTIONS = new Map<string, EngineEvent["action"]>([
  ...(["create", "start", "die", "stop", "destroy", "pause", "unpause", "oom", "connect", "disconnect", "restart"] as const).map(
    (action) => [action, action] as const,
  ),
  ["health_status", "health"],
]);

function isOurs(labels: Readonly<Record<string, string>>, namespace: string): boolean {
  return labels[LABELS.namespace] === namespace || labels[LABELS.adopt] !== undefined;
}

/** Ends with the connection, or with an error. */
async function feed(
  connection: Connection,
  namespace: string,
  on: { readonly event: (event: EngineEvent) => void; readonly gap: () => void },
  signal: AbortSignal,
  onOpen: () => void,
): Promise<void> {
  const gone = new AbortController();
  const until = AbortSignal.any([signal, gone.signal]);
  const filters = { type: ["container", "network"] };
  const request = { method: "GET", path: "/events", query: { filters: JSON.stringify(filters) } } as const;
  const stream = await connection.stream("following its events", request, until);
  onOpen();
  on.gap();
  const pings = setInterval(() => {
    connection.call("pinging", (docker) => docker.ping(), { limit: PING_MS / 2, signal: until }).catch(() => gone.abort());
  }, PING_MS);
  try {
    for await (const raw of jsonLines<RawEvent>(stream as AsyncIterable<Buffer>)) {
      const event = engineEvent(raw, namespace);
      if (event !== null) on.event(event);
    }
  } finally {
    clearInterval(pings);
    gone.abort();
  }
}
