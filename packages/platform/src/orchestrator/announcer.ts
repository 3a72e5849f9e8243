/**
 * Says what happens here, as a component: it starts right after the connection and stops right before it, so it hears everything, and
 * what it hears is stored when it ends. Each change of state becomes a line of the journal, an entry of the history and,
 * where there is one, an event of the catalogue.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Tide } from "@tidegate/streams";
import type { ComponentState, ComponentStatus } from "../contract.ts";
import type { PlatformKeys } from "../redis/keys.ts";
import type { EdgeProcess, RedisProcess } from "../supervisor/channel.ts";
import type { Component, ComponentHealth } from "./component.ts";
import type { Journal } from "./journal.ts";
import { StateHistory } from "./state-history.ts";
import { Services, type Service, type ServiceKind } from "./services.ts";
import type { StreamsConnection } from "./streams-connection.ts";

export interface AnnouncerOptions {
  readonly streams: StreamsConnection;
  readonly keys: PlatformKeys;
  readonly journal: Journal;
  readonly instance: string;
  readonly version: string;
  /** Kind of the components that are services, by name. */
  readonly services: ReadonlyMap<string, ServiceKind>;
}

const COMPONENT = { component: "orchestrator" } as const;
const FLUSH_LIMIT = 3_000;

export class Announcer implements Component {
  readonly name = "telemetry";
  readonly history: StateHistory;
  readonly #options: AnnouncerOptions;
  readonly #ill = new Set<string>();
  readonly #restarts = new Map<string, number>();
  /** What happened before the first connection; told then. */
  #early: (() => void)[] = [];
  #services: Services | null = null;
  /** Of the supervisor's children, by name. */
  readonly #processes = new Map<string, RedisProcess>();
  #why = "stop";
  #lost = 0;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.history = new StateHistory(options.keys);
  }

  start(): Promise<void> {
    const { streams, keys, journal } = this.#options;
    const { tide } = streams;
    journal.attach(tide);
    this.history.start(tide);
    this.#services = new Services(tide, keys);
    for (const tell of this.#early.splice(0)) tell();
    return Promise.resolve();
  }

  /** Everything else has stopped: says so, and stores what was said. */
  async stop(): Promise<void> {
    const { streams, journal } = this.#options;
    const tide = streams.peek();
    tide?.event("orchestrator_stopped", { pid: process.pid, why: this.#why }, COMPONENT);
    journal.detach();
    await Promise.all([this.history.stop(), this.#services?.close()]);
    this.#services = null;
    if (tide?.health().connected === true) await Promise.race([tide.flush(), pause(FLUSH_LIMIT, undefined, { ref: false })]);
  }

  health(): ComponentHealth {
    const { written, buffered, dropped } = this.#options.streams.tide.telemetry();
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    const more = lost > this.#lost;
    this.#lost = lost;
    const detail = `${written} entries written, ${buffered} waiting${lost === 0 ? "" : `, ${lost} dropped`}`;
    return { healthy: !more, detail };
  }

  /** Everything is declared; told once the connection stands. */
  initialized(components: readonly string[]): void {
    const names = components.join(" ");
    this.#tell((tide) =>
      tide.event("orchestrator_initialized", { components: names, duration_ms: Math.round(performance.now()) }, COMPONENT),
    );
  }

  started(): void {
    const data = { pid: process.pid, version: this.#options.version };
    this.#tell((tide) => tide.event("orchestrator_started", data, COMPONENT));
  }

  /** Why the stop that is about to begin was asked for. */
  stopping(why: string): void {
    this.#why = why;
  }

  changed(status: ComponentStatus, from: ComponentState): void {
    const { journal, instance } = this.#options;
    const { name: component, state, detail } = status;
    const trouble = state === "failed" || state === "unhealthy";
    journal.write(trouble ? "warn" : "info", component, state, trouble && detail !== null ? { why: detail } : undefined);
    this.history.record({ at: Date.now(), component, from, to: state, detail, instance });
    this.#tellHealth(status, trouble);
    this.#tellService(status, from);
  }

  /** The embedded Redis, as its supervisor sees it. */
  redisIs(process: RedisProcess): void {
    this.#processIs({ name: "redis", kind: "redis" }, process);
  }

  /** An edge worker, likewise. */
  edgeIs(process: EdgeProcess): void {
    this.#processIs({ name: `edge-${process.worker}`, kind: "edge" }, process);
  }

  #tellHealth({ name: component, state, detail, restarts }: ComponentStatus, trouble: boolean): void {
    const why = detail ?? undefined;
    if (trouble && !this.#ill.has(component)) {
      this.#ill.add(component);
      this.#tell((tide) => tide.event("component_unhealthy", { component, detail: why }, COMPONENT));
    }
    if (state !== "healthy") return;
    // What it is the first time this process sees it healthy was before, or was the start it needed several tries for.
    if (restarts > (this.#restarts.get(component) ?? restarts))
      this.#tell((tide) => tide.event("component_restarted", { component, restarts, detail: why }, COMPONENT));
    this.#restarts.set(component, restarts);
    if (this.#ill.delete(component)) this.#tell((tide) => tide.event("component_recovered", { component }, COMPONENT));
  }

  #tellService({ name, state, detail }: ComponentStatus, from: ComponentState): void {
    const kind = this.#options.services.get(name);
    if (kind === undefined) return;
    const service = { name, kind };
    if (state === "healthy" && from === "starting") this.#tell(() => this.#services?.started({ ...service, pid: process.pid }));
    else if (state === "failed") this.#tell(() => this.#services?.failed(service, detail ?? "it did not start"));
    else if (from === "stopping" && (state === "stopped" || state === "starting")) this.#tell(() => this.#services?.stopped(service));
  }

  #processIs(service: Service, process: RedisProcess): void {
    const before = this.#processes.get(service.name);
    this.#processes.set(service.name, process);
    const { pid, detail } = process;
    if (pid !== null && pid !== before?.pid) this.#tell(() => this.#services?.runs({ ...service, pid }));
    if (pid === null && detail !== null && detail !== before?.detail) this.#tell(() => this.#services?.failed(service, detail));
  }

  #tell(how: (tide: Tide) => void): void {
    const tide = this.#services === null ? null : this.#options.streams.peek();
    if (tide === null) this.#early.push(() => how(this.#options.streams.tide));
    else how(tide);
  }
}
