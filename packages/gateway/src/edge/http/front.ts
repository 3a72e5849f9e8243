/** The HTTP side of a worker, wired: ports → TLS → connections → the chain → upstreams, and what all of it serves by. */
import { setTimeout as pause } from "node:timers/promises";
import type { Tide } from "@tidegate/streams";
import type { CertificateData } from "../../certificates/spec.ts";
import type { GatewayKeys } from "../../keys.ts";
import { cidr, networks } from "../../routes/cidr.ts";
import { forwardHeaderPlace } from "../../routes/sealed-place.ts";
import type { AccessSpec } from "../../routes/spec.ts";
import type { TargetEntry } from "../../routes/table.ts";
import type { Sealed } from "../../store/entity.ts";
import type { Vault } from "../../store/vault.ts";
import { dataOf, NOTHING, type Known } from "../config/known.ts";
import { EdgeStates } from "../config/state.ts";
import { faultOfKept, usableTokens, type Fault } from "../config/usable.ts";
import { Challenges } from "../challenges.ts";
import { addressOf, type Places } from "../places.ts";
import type { HttpReport } from "../report.ts";
import { RequestTelemetry, type RequestsOptions } from "../telemetry/requests.ts";
import { TlsContexts } from "../tls/contexts.ts";
import { Access } from "./access/access.ts";
import type { KnownToken } from "./access/known-token.ts";
import { failingUpstreams } from "./failing.ts";
import { Forwarder } from "./forward.ts";
import { Groups } from "./groups.ts";
import { handler } from "./handle.ts";
import { Held } from "./held.ts";
import { HttpConnections } from "./inbound.ts";
import type { HttpLimits } from "./inbound/limits.ts";
import { LeftOut } from "./left-out.ts";
import { Limits } from "./limits/limits.ts";
import { RateLimiter } from "./limits/rate-limiter.ts";
import { HttpListeners, type HttpPorts } from "./listeners.ts";
import { Refusals } from "./refusals.ts";
import { Tunnels } from "./tunnel/tunnels.ts";
import { Upstreams } from "./upstream/upstreams.ts";

export interface HttpFrontOptions {
  readonly ports: HttpPorts;
  readonly dataFolder: string;
  readonly keys: GatewayKeys;
  readonly vault: Vault;
  /** Proxies whose word on clients counts, as CIDRs. */
  readonly trusted: readonly string[];
  /** Good tokens by the SHA-256 of their secret, of what the store keeps of tokens; whose shape only the product knows. */
  readonly tokens: (stored: readonly { readonly name: string; readonly data: object }[]) => (digest: string) => KnownToken | null;
  readonly limits?: Partial<HttpLimits>;
  readonly telemetry?: RequestsOptions;
  readonly note: (level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** An endpoint has lost its last request or tunnel. */
  readonly onIdle: (endpoint: string) => void;
}

/** Milliseconds. */
const LAST_WORDS = 300;

interface Owner {
  readonly kind: "target" | "route";
  readonly name: string;
}

export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #states = new EdgeStates();
  #known: Known = NOTHING;
  readonly #groups = new Groups();
  readonly #held = new Held();
  readonly #upstreams: Upstreams;
  readonly #limiter: RateLimiter;
  readonly #challenges: Challenges;
  readonly #telemetry: RequestTelemetry;
  readonly #tls: TlsContexts;
  readonly #connections: HttpConnections;
  readonly #listeners: HttpListeners;
  readonly #tunnels = new Tunnels();
  readonly #forwarder: Forwarder;
  readonly #limits: Limits;
  readonly #access: Access;
  /** Whose rule it is: its secrets are sealed for that place. */
  readonly #owners = new WeakMap<AccessSpec, Owner>();
  readonly #refusals = new Refusals();
  #token: (digest: string) => KnownToken | null = () => null;
  #lost = false;
  #certificateFaults: readonly Fault[] = [];
  #tokenFaults: readonly Fault[] = [];
  readonly #leftOut: LeftOut;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
    const { note, keys, onIdle } = options;
    this.#leftOut = new LeftOut(note);
    this.#upstreams = new Upstreams({ onIdle });
    this.#limiter = new RateLimiter({ keyOf: (client) => keys.edgeRate(client) });
    this.#limits = new Limits(this.#limiter);
    this.#telemetry = new RequestTelemetry(options.telemetry);
    const onTrouble = (message: string, fields?: Readonly<Record<string, unknown>>): void => note("warn", message, fields);
    this.#challenges = new Challenges(keys);
    this.#tls = new TlsContexts({ dataFolder: options.dataFolder, onTrouble, proof: (host) => this.#challenges.alpn(host) });
    this.#access = new Access({
      tokens: (digest) => this.#token(digest),
      unseal: (sealed, spec, header) => this.#unseal(sealed, spec, header),
    });
    this.#forwarder = new Forwarder({
      upgraded: (plan, line) => this.#tunnels.open(plan, line),
    });
    const trusted = networks(options.trusted.flatMap((one) => cidr(one) ?? []));
    this.#connections = new HttpConnections({
      handler: handler({
        state: () => this.#states.current,
        groups: this.#groups,
        held: this.#held,
        trusted,
        challenge: (token) => this.#challenges.token(token),
        httpsPort: () => this.#listeners.port("https"),
        limits: this.#limits,
        access: this.#access,
        upstreams: this.#upstreams,
        forward: this.#forwarder.forward,
        telemetry: this.#telemetry,
      }),
      isProxy: (address) => trusted.contains(address),
      onRefused: (refusal) => this.#refusals.note(refusal),
      onError: (error) => note("warn", "a request failed in the edge itself", { error }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    this.#listeners = new HttpListeners({
      tls: this.#tls,
      admit: (socket, peer, first) => this.#connections.admit(socket, peer, first),
      onTrouble,
    });
  }

  /** Ports that cannot be had are told in the report and tried again. */
  async start(): Promise<void> {
    this.#upstreams.start();
    await this.#tls.start();
    await this.#listeners.set(this.#options.ports);
  }

  /** Null while it has none. */
  port(scheme: "http" | "https"): number | null {
    return this.#listeners.port(scheme);
  }

  connected(tide: Tide): void {
    this.#telemetry.connected(tide);
    const store = tide.store("edge-requests");
    this.#limiter.share(store);
    this.#challenges.connected(store);
    this.#refusals.connected(tide);
  }

  /** Everything it serves by, taken over at once; requests under way go on with what they began with. */
  know(known: Known): void {
    const before = this.#known.entities;
    const { target, route, certificate, token } = known.entities;
    this.#states.know(known);
    const { targets, current } = this.#states;
    if (target !== before.target || certificate !== before.certificate) this.#certify(known, targets);
    if (token !== before.token) [this.#token, this.#tokenFaults] = usableTokens(known, this.#options.tokens);
    if (target !== before.target) this.#own("target", targets);
    if (route !== before.route) this.#own("route", current.table.routes);
    if (target !== before.target) this.#groups.keep(new Set(targets.map(({ data }) => data)));
    this.#known = known;
    this.#leftOut.are([...this.#states.faults, ...this.#certificateFaults, ...this.#tokenFaults]);
    this.#changed();
  }

  /** Redis has lost what the store held, and what was known goes on being served; or there is a new store. */
  lost(lost: boolean): void {
    this.#lost = lost;
  }

  /** Where services are reached. */
  place(places: Places): void {
    this.#states.place(places);
    this.#changed();
  }

  /** Its tunnels are asked to end, spread over most of the time; its idle connections are closed. */
  drain(endpoint: string, seconds: number): void {
    this.#tunnels.drain(endpoint, seconds);
    this.#upstreams.idle(endpoint);
  }

  cut(endpoint: string): void {
    this.#upstreams.cut(endpoint);
  }

  get openCounts(): Readonly<Record<string, number>> {
    return this.#upstreams.openCounts;
  }

  get cutCounts(): Readonly<Record<string, number>> {
    return this.#upstreams.cutCounts;
  }

  /** Once a second. */
  async sweep(): Promise<void> {
    const now = performance.now();
    this.#held.sweep(now);
    this.#telemetry.sweep(now);
    this.#refusals.tell();
    await this.#tls.tick();
    if (this.#listeners.failures.length > 0) await this.#listeners.retry();
  }

  report(): HttpReport {
    const { open, tunnels, refused } = this.#connections.counts;
    const { requests, statuses, unrecorded } = this.#telemetry;
    const failures = Object.entries(this.#listeners.counts.failures).map(([reason, count]) => [`tls_${reason}`, count] as const);
    return {
      listening: this.#urls(),
      failed: this.#listeners.failures.map(({ bind, port, why }) => ({ url: `${bind}:${port}`, why })),
      connections: open,
      tunnels,
      requests,
      held: this.#held.size,
      statuses: { ...statuses },
      refused: { ...refused, ...Object.fromEntries(failures) },
      unrecorded,
      upstreams: this.#upstreams.totals(),
      failing: failingUpstreams(this.#upstreams, this.#groups, this.#states.targets),
      unusable: this.#leftOut.report(),
      lost: this.#lost,
    };
  }

  /** Nothing new is taken; what is under way has `grace` ms. */
  async close(grace: number): Promise<void> {
    await this.#listeners.close();
    this.#tunnels.drainAll(grace / 1000);
    const late = setTimeout(() => this.#connections.cutAll(), grace);
    await this.#connections.drain();
    clearTimeout(late);
    this.#tunnels.cutAll();
    this.#access.close();
    this.#upstreams.close();
  }

  /** The last words; they are stored when the connection closes, as far as Redis is there. */
  async say(): Promise<void> {
    this.#refusals.tell();
    await Promise.race([this.#limiter.stop(), pause(LAST_WORDS, undefined, { ref: false })]);
  }

  // Private

  #certify(known: Known, targets: readonly TargetEntry[]): void {
    const pins = new Map(targets.flatMap(({ name, data }) => (data.cert_name === null ? [] : [[name, data.cert_name] as const])));
    const troubles = this.#tls.apply(dataOf<CertificateData>(known, "certificate"), this.#options.vault, { pins });
    this.#certificateFaults = [...troubles].map(([name, why]) => faultOfKept(known, "certificate", name, why));
  }

  #changed(): void {
    this.#upstreams.keep(this.#groups.keys());
    this.#held.look();
  }

  #urls(): string[] {
    return (["http", "https"] as const).flatMap((scheme) => {
      const port = this.#listeners.port(scheme);
      return port === null ? [] : [`${scheme}://${addressOf({ bind: this.#options.ports.host, port })}`];
    });
  }

  #unseal(sealed: Sealed, spec: AccessSpec, header: string): string {
    const { kind, name } = this.#owners.get(spec) ?? { kind: "target", name: "" };
    return this.#options.vault.open(sealed, forwardHeaderPlace(kind, name, header));
  }

  #own(kind: Owner["kind"], all: readonly { readonly name: string; readonly data: { readonly access: AccessSpec | null } }[]): void {
    for (const { name, data } of all) if (data.access !== null) this.#owners.set(data.access, { kind, name });
  }
}
