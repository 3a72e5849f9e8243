/**
 * One worker process: consumes the topics of a handlers file until it is told to stop, then drains. A topic has its own group
 * unless one was named, so that a slow topic does not hold up the others.
 */
import { basename, extname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect, type ConsumeOptions, type Consumer, type Handler, type Notice, type Tide } from "@tidegate/streams";
import { PlatformError, messageOf } from "../errors.ts";
import { Services, type Service } from "../orchestrator/services.ts";
import { logSettlement } from "../orchestrator/settlement-log.ts";
import { PlatformKeys } from "../redis/keys.ts";
import type { HandlersFile } from "./handlers.ts";
import { reportSettlement, type Report } from "./report.ts";

export interface WorkerOptions {
  readonly file: HandlersFile;
  readonly url?: string;
  readonly namespace?: string;
  readonly group?: string;
  /** As flagged; wins over the file's options. */
  readonly concurrency?: number;
  /** Of the settings; the file's options win over them. */
  readonly defaults: { readonly concurrency: number; readonly maxRetries: number };
  /** Only these of the file's topics. */
  readonly topics?: readonly string[];
  readonly telemetryPrefix: string;
  readonly json: boolean;
  readonly report: Report;
}

const DRAIN_LIMIT = 10_000;
const FLUSH_LIMIT = 1_000;

export class Worker {
  readonly #options: WorkerOptions;
  readonly #service: Service;
  #tide: Tide | null = null;
  #services: Services | null = null;
  #consumers: Consumer[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#service = { name: serviceName(options.file.path), kind: "worker", pid: process.pid };
  }

  /** Resolves once all groups exist and are read. */
  async start(): Promise<void> {
    const { file, report, url, namespace } = this.#options;
    const topics = chosenTopics(file, this.#options.topics);
    const tide = await connect({
      service: "worker",
      telemetry: { prefix: this.#options.telemetryPrefix },
      ...(url === undefined ? {} : { url }),
      ...(namespace === undefined ? {} : { namespace }),
      onNotice: (notice) => this.#note(notice),
    });
    this.#tide = tide;
    this.#services = new Services(tide, new PlatformKeys(tide.namespace, this.#options.telemetryPrefix));
    for (const [topic, handler] of topics) this.#consumers.push(await this.#consume(tide, topic, handler));
    const groups = this.#consumers.map((consumer) => consumer.group);
    report("ready", `ready: ${[...topics.keys()].join(", ")} as ${[...new Set(groups)].join(", ")} on ${tide.address}`, {
      topics: [...topics.keys()],
      groups,
      redis: tide.address,
    });
    this.#services.started(this.#service);
  }

  /** Rejects when a consumer ends with a fatal error; resolves when all were stopped. */
  async closed(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.closed));
  }

  /** Hands back what was not begun, waits for what was. */
  async stop(deadline: number = DRAIN_LIMIT): Promise<void> {
    await Promise.allSettled(this.#consumers.map((consumer) => consumer.stop({ deadline })));
    const totals = this.#consumers.map((consumer) => consumer.stats());
    const sum = (pick: (stats: (typeof totals)[number]) => number): number => totals.reduce((total, stats) => total + pick(stats), 0);
    this.#services?.stopped(this.#service);
    await this.#services?.close();
    await this.#tide?.close({ deadline: 2000 });
    const [acked, retried, dead] = [sum((s) => s.acked), sum((s) => s.retried), sum((s) => s.deadLettered)];
    this.#options.report("stopped", `stopped: ${acked} handled, ${retried} retried, ${dead} dead-lettered`, {
      acked,
      retried,
      dead_lettered: dead,
    });
  }

  /** After a failure: hands everything back at once. */
  async abandon(reason: unknown): Promise<void> {
    this.#services?.failed(this.#service, messageOf(reason));
    await this.#services?.close();
    // The close that hands back at once would not wait for it.
    if (this.#tide?.health().connected === true) await Promise.race([this.#tide.flush(), pause(FLUSH_LIMIT, undefined, { ref: false })]);
    await this.#tide?.close({ deadline: 0 });
  }

  #note({ level, code, message, detail }: Notice): void {
    this.#options.report("notice", `! ${message}`, { level, code, message });
    this.#tide?.logger("worker")[level === "warning" ? "warn" : level](message, { code, ...detail });
  }

  #consume(tide: Tide, topic: string, handler: Handler): Promise<Consumer> {
    const { file, group, concurrency, defaults, json, report } = this.#options;
    const logger = tide.logger("worker");
    const options: ConsumeOptions = {
      concurrency: defaults.concurrency,
      ...file.options,
      retry: { maxRetries: defaults.maxRetries, ...file.options.retry },
      ...(group === undefined ? {} : { group }),
      ...(concurrency === undefined ? {} : { concurrency }),
      onSettled: (settled) => {
        reportSettlement(report, json, settled);
        logSettlement(logger, settled);
        file.options.onSettled?.(settled);
      },
    };
    return tide.consume(topic, options, handler);
  }
}

/** What a worker of this handlers file is called among the services. */
export function serviceName(path: string): string {
  return `worker:${basename(path, extname(path))}`;
}

// Private

function chosenTopics(file: HandlersFile, wanted: readonly string[] | undefined): ReadonlyMap<string, Handler> {
  if (wanted === undefined) return file.topics;
  const missing = wanted.find((topic) => !file.topics.has(topic));
  if (missing === undefined) return new Map([...file.topics].filter(([topic]) => wanted.includes(topic)));
  throw new PlatformError("INVALID_HANDLERS", `${file.path} has no handler for the topic "${missing}".`, {
    hint: `It has: ${[...file.topics.keys()].join(", ")}.`,
  });
}
