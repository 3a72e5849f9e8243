/** The requests of a telemetry run: what is sent, and what the figures must say about it afterwards. */
import type { RedisClientType } from "@redis/client";
import type { Seed } from "./seed.ts";

export const HOSTS = ["shop.example", "api.example", "static.example"] as const;
const STATUSES = [200, 200, 200, 204, 302, 404, 500, 503] as const;
const PIPELINE = 250;

export interface Sent {
  /** `<host> <status class>` → requests. */
  readonly classes: Map<string, number>;
  readonly durations: Map<string, number[]>;
  readonly visitors: Map<string, Set<string>>;
  bytes: number;
}

/** In the form the logger writes, at the pace Redis takes them. `between` is called after each pipeline with how many were sent. */
export async function sendRequests(
  client: RedisClientType,
  seed: Seed,
  count: number,
  between: (sent: number) => Promise<void>,
): Promise<Sent> {
  const sent: Sent = { classes: new Map(), durations: new Map(), visitors: new Map(), bytes: 0 };
  for (let at = 0; at < count; at += PIPELINE) {
    const pipeline = Array.from({ length: Math.min(PIPELINE, count - at) }, () => oneRequest(seed, sent));
    await Promise.all(pipeline.map((fields) => client.sendCommand(["XADD", "logs:request:stream", "*", ...fields])));
    await between(at + pipeline.length);
  }
  return sent;
}

// Private

function oneRequest(seed: Seed, sent: Sent): string[] {
  const [host, status] = [seed.pick(HOSTS), seed.pick(STATUSES)];
  // Most are quick, some are not.
  const duration = Math.round(1.5 ** seed.below(20) * (100 + seed.below(100))) / 100;
  const [ip, bytes] = [`10.0.${seed.below(4)}.${seed.below(250)}`, seed.below(10_000)];
  const kind = `${host} ${Math.floor(status / 100)}xx`;
  sent.classes.set(kind, (sent.classes.get(kind) ?? 0) + 1);
  sent.bytes += bytes;
  (sent.durations.get(host) ?? sent.durations.set(host, []).get(host)!).push(duration);
  (sent.visitors.get(host) ?? sent.visitors.set(host, new Set()).get(host)!).add(ip);
  const data = { log_type: "http_response", message: "GET /", service: "web", method: "GET", path: "/", host, ip, status };
  const rest = JSON.stringify({ ...data, duration_ms: duration, bytes_out: bytes });
  return ["level", status >= 500 ? "error" : "info", "component", "http", "timestamp", String(Date.now()), "data", rest];
}
