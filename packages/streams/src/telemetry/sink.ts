/**
 * Where log entries and events wait for Redis: bounded, in order, written every `window` ms or `batch` entries, drained on close. An entry
 * goes to its own stream and to the one of all in the same call. What does not fit is dropped and counted, by stream and exactly; once
 * there is room again an entry of `logs:system:stream` says how many.
 */
import type { Clock } from "../clock.ts";
import type { TelemetryKeys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import { RedisFault } from "../redis/replies.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Notice } from "../tide.ts";
import type { ResolvedTelemetry } from "./settings.ts";
import { Window } from "./window.ts";

export interface SinkDeps {
  /** Made at the first use, so that a program that logs nothing has no connection for it. */
  readonly open: () => Link;
  readonly scripts: Scripts;
  readonly clock: Clock;
  readonly keys: TelemetryKeys;
  readonly settings: ResolvedTelemetry;
  readonly service: string;
  /** Names this process among those that write. */
  readonly session: string;
  readonly notice: (notice: Notice) => void;
}

type Kind = "logs" | "events";

/** While Redis stores one batch, the next is made and sent. */
const IN_FLIGHT = 2;
/** Seconds a process' last batch number is remembered; it asks again within far less. */
const REMEMBERED = 600;
/** Bytes of an entry beside its data, about. */
const OVERHEAD = 128;
/** Entries a stream keeps where nothing else is said. */
const CAP = 100_000;

/** Entries the stream `<kind>:<part>` keeps. */
export function capOf(retention: Readonly<Record<string, number>>, name: string): number {
  return retention[`${name}:stream`] ?? retention["*"] ?? CAP;
}

/** One entry on its way; a class, because many of them live through a collection of garbage. */
export class SinkEntry {
  readonly kind: Kind;
  /** With `kind` the stream beside `all`. */
  readonly part: string;
  /** Level or event type. */
  readonly value: string;
  readonly component: string;
  /** Empty for none. */
  readonly traceId: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** JSON. */
  readonly data: string;

  constructor(kind: Kind, part: string, value: string, component: string, traceId: string, at: number, data: string) {
    this.kind = kind;
    this.part = part;
    this.value = value;
    this.component = component;
    this.traceId = traceId;
    this.at = at;
    this.data = data;
  }

  isLike(other: SinkEntry): boolean {
    return this.component === other.component && this.value === other.value && this.part === other.part && this.kind === other.kind;
  }
}

export class Sink {
  readonly #deps: SinkDeps;
  readonly #window: Window<SinkEntry>;
  readonly #dropped = new Map<string, number>();
  /** Dropped and not yet told. */
  readonly #untold = new Map<string, number>();
  #written = 0;

  constructor(deps: SinkDeps) {
    this.#deps = deps;
    const { window: every, batch: most, buffer: capacity, bufferBytes: capacityBytes } = deps.settings;
    this.#window = new Window({
      clock: deps.clock,
      every,
      most,
      inFlight: IN_FLIGHT,
      capacity,
      capacityBytes,
      send: (batch, number, oldest) => this.#send(batch, number, oldest),
      onDropped: (waiting) => this.#drop(waiting),
      onRoom: () => this.#tell(),
    });
  }

  /** False when it was dropped. Never throws. */
  write(entry: SinkEntry): boolean {
    return !this.#deps.settings.enabled || this.#window.add(entry, OVERHEAD + entry.data.length);
  }

  flush(): Promise<void> {
    return this.#window.flush();
  }

  stats(): { buffered: number; written: number; dropped: Readonly<Record<string, number>> } {
    return { buffered: this.#window.size, written: this.#written, dropped: Object.fromEntries(this.#dropped) };
  }

  /** Drains for at most `limit` ms; what is left then counts as dropped. */
  async stop(limit: number): Promise<void> {
    await this.#window.close(limit);
    if (this.#untold.size > 0) this.#notice();
  }

  // Private

  async #send(batch: readonly SinkEntry[], number: number, oldest: number): Promise<void> {
    const { scripts, open, keys, session } = this.#deps;
    const streams = new Streams(keys, this.#deps.settings.retention);
    const runs = runsOf(byKind(batch), streams);
    const head = [String(number), String(oldest), String(REMEMBERED), String(this.#deps.settings.maxAge)];
    try {
      await scripts.run(open(), "record", [keys.producer(session), ...streams.keys], head.concat(streams.caps, runs));
      this.#written += batch.length;
    } catch (error) {
      this.#refused(error, batch);
    }
  }

  /** What only a person can mend must not hold up everything behind it. */
  #refused(error: unknown, batch: readonly SinkEntry[]): void {
    if (!(error instanceof RedisFault) || error.reaction !== "stop") throw error;
    for (const waiting of batch) this.#drop(waiting);
    this.#deps.notice({ level: "error", code: "telemetry_refused", message: `Logs and events cannot be stored: ${error.message}` });
  }

  #drop({ kind, part }: SinkEntry): void {
    const stream = this.#deps.keys.stream(kind, part);
    const isFirst = this.#untold.size === 0;
    this.#dropped.set(stream, (this.#dropped.get(stream) ?? 0) + 1);
    this.#untold.set(stream, (this.#untold.get(stream) ?? 0) + 1);
    // Counted before it is told: whoever logs the notice may come back here.
    if (isFirst) this.#deps.notice({ level: "warning", code: "telemetry_full", message: FULL });
  }

  #tell(): void {
    if (this.#untold.size === 0) return;
    const { service, clock } = this.#deps;
    const [dropped, total] = this.#notice();
    const message = `${total} entries were dropped: more came than Redis took.`;
    const data = JSON.stringify({ log_type: "log", message, service, dropped });
    this.write(new SinkEntry("logs", "system", "warn", "telemetry", "", clock.wall(), data));
  }

  #notice(): [dropped: Readonly<Record<string, number>>, total: number] {
    const dropped = Object.fromEntries(this.#untold);
    const total = [...this.#untold.values()].reduce((sum, count) => sum + count, 0);
    this.#untold.clear();
    this.#deps.notice({
      level: "warning",
      code: "telemetry_dropped",
      message: `${total} log entries and events were dropped: more came than Redis took.`,
      detail: { dropped },
    });
    return [dropped, total];
  }
}

// Private

const FULL =
  "The buffer of logs and events is full: Redis does not take them fast enough, or not at all. New ones are dropped and counted.";

/** Logs and events have no stream in common, so only the order within each of both counts. */
function byKind(batch: readonly SinkEntry[]): SinkEntry[] {
  return batch.filter(({ kind }) => kind === "logs").concat(batch.filter(({ kind }) => kind === "events"));
}

/** What is alike is said once: each argument of a command costs the client more than the bytes it has. */
function runsOf(batch: readonly SinkEntry[], streams: Streams): string[] {
  const runs: string[] = [];
  for (let from = 0; from < batch.length;) {
    const first = batch[from] as SinkEntry;
    let to = from + 1;
    while (to < batch.length && (batch[to] as SinkEntry).isLike(first)) to++;
    const { kind, part, value, component } = first;
    const name = kind === "events" ? "event_type" : "level";
    runs.push(streams.indexOf(kind, part), streams.indexOf(kind, "all"), name, value, component, String(to - from));
    for (; from < to; from++) {
      const { traceId, at, data } = batch[from] as SinkEntry;
      runs.push(traceId, String(at), data);
    }
  }
  return runs;
}

/** The streams of one batch, and their place among the script's keys. */
class Streams {
  readonly keys: string[] = [];
  readonly caps: string[] = [];
  readonly #keys: TelemetryKeys;
  readonly #retention: Readonly<Record<string, number>>;
  readonly #indexes = new Map<string, string>();

  constructor(keys: TelemetryKeys, retention: Readonly<Record<string, number>>) {
    this.#keys = keys;
    this.#retention = retention;
  }

  indexOf(kind: Kind, part: string): string {
    const name = `${kind}:${part}`;
    return this.#indexes.get(name) ?? this.#add(name, kind, part);
  }

  #add(name: string, kind: Kind, part: string): string {
    const index = String(this.keys.length + 2);
    this.keys.push(this.#keys.stream(kind, part));
    this.caps.push(String(capOf(this.#retention, name)));
    this.#indexes.set(name, index);
    return index;
  }
}
