/** From what a target or route names to the endpoints that can be asked. Remembered as long as neither changes. */
import type { TargetData, Upstream } from "../../routes/spec.ts";
import type { EdgeState, ServicePlace } from "../config/state.ts";
import type { EndpointSpec, GroupSpec } from "./plan.ts";

export interface Reached {
  readonly spec: GroupSpec;
  /** Of the upstream's URL: stands before the path; empty or `/…` without a slash at the end. */
  readonly prefix: string;
  /** Set while the service is paused. */
  readonly hold: number | null;
}

type UrlUpstream = Extract<Upstream, { kind: "url" }>;
type ServiceUpstream = Extract<Upstream, { kind: "service" }>;

interface Known {
  /** What it was made of: the upstream itself, the edge's entry of a service's port, or an external service's URL. */
  readonly of: unknown;
  readonly reached: Reached;
}

/** Milliseconds a group that nobody asks for is kept. */
const KEPT = 300_000;

export class Groups {
  /** When each was last asked for, by key. */
  readonly #used = new Map<string, number>();
  /** A global route's upstream is one object for all targets, each of which has its own balance, checks and TLS. */
  readonly #known = new WeakMap<TargetData, WeakMap<Upstream, Known>>();
  /** Whose requests go there, by key. */
  readonly #targets = new Map<string, Set<TargetData>>();

  /** Null: nobody knows the service. */
  of(upstream: Upstream, target: TargetData, state: EdgeState): Reached | null {
    const place = upstream.kind === "url" ? null : state.service(upstream.service, upstream.port);
    if (upstream.kind === "service" && place === null) return null;
    const of = place === null ? upstream : place.kind === "ours" ? place.port : place.url;
    const known = this.#known.get(target)?.get(upstream);
    if (known !== undefined && known.of === of) return this.#use(known.reached);
    if (known !== undefined) this.#used.delete(known.reached.spec.key);
    const reached =
      place === null ? ofUrls((upstream as UrlUpstream).urls, target) : ofService((upstream as ServiceUpstream).service, place, target);
    this.#remember(target, upstream, { of, reached });
    return this.#use(reached);
  }

  /** Keys of those that are in use, or were a while ago. */
  keys(): ReadonlySet<string> {
    const oldest = performance.now() - KEPT;
    for (const [key, at] of this.#used) if (at < oldest) this.#used.delete(key);
    for (const key of this.#targets.keys()) if (!this.#used.has(key)) this.#targets.delete(key);
    return new Set(this.#used.keys());
  }

  /** The targets whose requests go there. */
  targets(key: string): Iterable<TargetData> {
    return this.#targets.get(key) ?? [];
  }

  /** These are all the targets there are now. */
  keep(present: ReadonlySet<TargetData>): void {
    for (const targets of this.#targets.values()) for (const target of targets) if (!present.has(target)) targets.delete(target);
  }

  // Private

  #remember(target: TargetData, upstream: Upstream, known: Known): void {
    const ofTarget = this.#known.get(target) ?? new WeakMap<Upstream, Known>();
    this.#known.set(target, ofTarget.set(upstream, known));
    const { key } = known.reached.spec;
    this.#targets.set(key, (this.#targets.get(key) ?? new Set()).add(target));
  }

  #use(reached: Reached): Reached {
    this.#used.set(reached.spec.key, performance.now());
    return reached;
  }
}

// Private

function ofService(name: string, place: ServicePlace, target: TargetData): Reached {
  if (place.kind === "external") return ofUrls([place.url], target, name);
  const { endpoints, mode, hold } = place.port;
  const all = endpoints.map(({ id, host, port }): EndpointSpec => ({
    id,
    host,
    port,
    secure: false,
    authority: authorityOf(host, port, false),
  }));
  return { spec: groupOf(name, all, target), prefix: "", hold: mode === "paused" ? hold : null };
}

function ofUrls(urls: readonly string[], target: TargetData, name?: string): Reached {
  const parsed = urls.map((url) => new URL(url));
  const endpoints = parsed.map((url): EndpointSpec => {
    const secure = url.protocol === "https:";
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
    return { id: url.origin, host, port, secure, authority: authorityOf(host, port, secure) };
  });
  const prefix = (parsed[0]?.pathname ?? "").replace(/\/+$/, "");
  return { spec: groupOf(name ?? parsed[0]?.host ?? "", endpoints, target), prefix, hold: null };
}

function groupOf(name: string, endpoints: readonly EndpointSpec[], { balance, health, upstream_tls: tls }: TargetData): GroupSpec {
  return { key: JSON.stringify([name, endpoints, balance, health, tls]), name, endpoints, balance, health, tls };
}

function authorityOf(host: string, port: number, secure: boolean): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? shown : `${shown}:${port}`;
}
