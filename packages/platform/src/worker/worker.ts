/**
 * One worker process: consumes the topics of a handlers file until it is told to stop, then drains. A topic has its own group
 * unless one was named, so that a slow topic does not hold up the others.
 */
import { connect, type ConsumeOptions, type Consumer, type Handler, type Tide } from "@tidegate/streams";
import { PlatformError } from "../errors.ts";
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
  readonly json: boolean;
  readonly report: Report;
}

const DRAIN_LIMIT = 10_000;

export class Worker {
  readonly #options: WorkerOptions;
  #tide: Tide | null = null;
  #consumers: Consumer[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Resolves once all groups exist and are read. */
  async start(): Promise<void> {
    const { file, report, url, namespace } = this.#options;
    const topics = chosenTopics(file, this.#options.topics);
    const tide = await connect({
      service: "worker",
      ...(url === undefined ? {} : { url }),
      ...(namespace === undefined ? {} : { namespace }),
      onNotice: (notice) => report("notice", `! ${notice.message}`, { level: notice.level, code: notice.code, message: notice.message }),
    });
    this.#tide = tide;
    for (const [topic, handler] of topics) this.#consumers.push(await this.#consume(tide, topic, handler));
    const groups = this.#consumers.map((consumer) => consumer.group);
    report("ready", `ready: ${[...topics.keys()].join(", ")} as ${[...new Set(groups)].join(", ")} on ${tide.address}`, {
      topics: [...topics.keys()],
      groups,
      redis: tide.address,
    });
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
    await this.#tide?.close({ deadline: 2000 });
    const [acked, retried, dead] = [sum((s) => s.acked), sum((s) => s.retried), sum((s) => s.deadLettered)];
    this.#options.report("stopped", `stopped: ${acked} handled, ${retried} retried, ${dead} dead-lettered`, {
      acked,
      retried,
      dead_lettered: dead,
    });
  }

  /** After a failure: hands everything back at once. */
  async abandon(): Promise<void> {
    await this.#tide?.close({ deadline: 0 });
  }

  #consume(tide: Tide, topic: string, handler: Handler): Promise<Consumer> {
    const { file, group, concurrency, defaults, json, report } = this.#options;
    const options: ConsumeOptions = {
      concurrency: defaults.concurrency,
      ...file.options,
      retry: { maxRetries: defaults.maxRetries, ...file.options.retry },
      ...(group === undefined ? {} : { group }),
      ...(concurrency === undefined ? {} : { concurrency }),
      onSettled: (settled) => {
        reportSettlement(report, json, settled);
        file.options.onSettled?.(settled);
      },
    };
    return tide.consume(topic, options, handler);
  }
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
