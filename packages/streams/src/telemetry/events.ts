/**
 * The catalogue of events: everything the product says has happened, as one typed table. An event is published only after it happened.
 * Alert rules may name only what is here. `events:<kind>:stream` takes its kind from the part before the first `_`.
 */

/** Per event: its fields. A trailing `?` marks what may be missing; `n:` a number, `b:` a boolean, everything else is text. */
const SERVICE = { service: "", kind: "", detail: "?", generation: "n?", image: "?" } as const;
const CERTIFICATE = { certificate: "", domains: "", detail: "?" } as const;
const COMPONENT = { component: "", detail: "?" } as const;

export const EVENTS = {
  service_created: SERVICE,
  service_started: { ...SERVICE, pid: "n?" },
  service_stopped: SERVICE,
  service_updated: SERVICE,
  service_deleted: SERVICE,
  service_failed: { ...SERVICE, error: "", stage: "?" },
  certificate_generation_started: CERTIFICATE,
  certificate_ready: { ...CERTIFICATE, expires_at: "n" },
  certificate_generation_failed: { ...CERTIFICATE, error: "" },
  certificate_renewal_started: CERTIFICATE,
  certificate_renewed: { ...CERTIFICATE, expires_at: "n" },
  certificate_renewal_failed: { ...CERTIFICATE, error: "" },
  certificate_expiring_soon: { ...CERTIFICATE, days_remaining: "n", expires_at: "n" },
  certificate_converted: { ...CERTIFICATE, expires_at: "n" },
  certificate_deleted: CERTIFICATE,
  proxy_created: { host: "", target: "" },
  proxy_updated: { host: "", target: "" },
  proxy_deleted: { host: "" },
  proxy_request_completed: { host: "", method: "", path: "", status: "n", duration_ms: "n" },
  proxy_request_failed: { host: "", method: "", path: "", status: "n", duration_ms: "n", error: "" },
  route_created: { route: "", path: "" },
  route_updated: { route: "", path: "" },
  route_deleted: { route: "", path: "" },
  port_allocated: { port: "n", owner: "", bind: "", protocol: "?" },
  port_released: { port: "n", owner: "", bind: "", protocol: "?" },
  token_created: { token: "", by: "" },
  token_revoked: { token: "", by: "" },
  alert_firing: { alert: "", rule: "", severity: "", subject: "", summary: "", value: "n?" },
  alert_resolved: { alert: "", rule: "", severity: "", subject: "", summary: "", duration_s: "n" },
  orchestrator_initialized: { components: "", duration_ms: "n" },
  orchestrator_started: { pid: "n", version: "" },
  orchestrator_stopped: { pid: "n", why: "" },
  component_restarted: { ...COMPONENT, restarts: "n" },
  component_unhealthy: COMPONENT,
  component_recovered: COMPONENT,
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type EventType = keyof typeof EVENTS;
export type EventKind = EventType extends infer T ? (T extends `${infer K}_${string}` ? K : never) : never;

type Value<S> = S extends `n${string}` ? number : S extends `b${string}` ? boolean : string;
type Required_<F> = { readonly [N in keyof F as F[N] extends `${string}?` ? never : N]: Value<F[N]> };
type Optional_<F> = { readonly [N in keyof F as F[N] extends `${string}?` ? N : never]?: Value<F[N]> | undefined };
/** The fields of one event. */
export type EventData<T extends EventType> = Required_<(typeof EVENTS)[T]> & Optional_<(typeof EVENTS)[T]>;

/** One event, ready for `XADD <stream> MAXLEN ~ <most> * <fields…>` to each of its streams. */
export interface EventEntry {
  /** Keys: the stream of its kind and that of all events. */
  readonly streams: readonly [own: string, all: string];
  /** Entries beyond which the oldest go, whoever has not read them. */
  readonly most: number;
  /** Names and values in turn. */
  readonly fields: readonly string[];
}

export const EVENT_TYPES = Object.keys(EVENTS) as readonly EventType[];

export function isEventType(name: string): name is EventType {
  return Object.hasOwn(EVENTS, name);
}

export function kindOf(type: EventType): EventKind {
  return type.slice(0, type.indexOf("_")) as EventKind;
}
