/**
 * Good requests at a steady rate over kept connections, each counted: what was answered, and everything that was not. A connection that ends while no
 * request is on it is opened again without a word, as every client does; one that ends with a request on it is an error. They come from a hundred
 * addresses, because one may have only so many connections.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "./answer.ts";

export interface LoadOrder {
  readonly port: number;
  readonly host: string;
  /** Requests a second. */
  readonly rate: number;
  readonly path?: string;
}

export interface LoadFigures {
  readonly sent: number;
  readonly answered: number;
  /** What went wrong, with how often. */
  readonly errors: ReadonlyMap<string, number>;
  /** Milliseconds from due to answered. */
  readonly slowest: number;
  /** How often each body was answered. */
  readonly bodies: ReadonlyMap<string, number>;
}

export class Load {
  readonly #order: LoadOrder;
  readonly #idle: Client[] = [];
  readonly #under: Set<Promise<void>> = new Set();
  readonly #errors = new Map<string, number>();
  readonly #bodies = new Map<string, number>();
  readonly #running: Promise<void>;
  #opened = 0;
  #sent = 0;
  #answered = 0;
  #slowest = 0;
  #stopped = false;

  constructor(order: LoadOrder) {
    this.#order = order;
    this.#running = this.#run();
  }

  get answered(): number {
    return this.#answered;
  }

  get errors(): number {
    return [...this.#errors.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when everything that was sent has ended. */
  async stop(): Promise<LoadFigures> {
    this.#stopped = true;
    await this.#running;
    await Promise.all(this.#under);
    for (const client of this.#idle) client[Symbol.dispose]();
    return { sent: this.#sent, answered: this.#answered, errors: this.#errors, slowest: this.#slowest, bodies: this.#bodies };
  }

  // Private

  async #run(): Promise<void> {
    const begin = performance.now();
    while (!this.#stopped) {
      for (; begin + (1_000 * this.#sent) / this.#order.rate <= performance.now(); this.#sent++)
        this.#start(begin + (1_000 * this.#sent) / this.#order.rate);
      await pause(2);
    }
  }

  #start(due: number): void {
    const asked = this.#ask(due).catch((error: unknown) => count(this.#errors, String((error as NodeJS.ErrnoException).code ?? error)));
    const settled = asked.finally(() => this.#under.delete(settled));
    this.#under.add(settled);
  }

  async #ask(due: number): Promise<void> {
    const { port, host, path = "/" } = this.#order;
    const client = this.#free() ?? (await Client.connect(port, `127.0.${1 + (this.#opened++ % 100)}.1`));
    client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const { status, whole, body } = await client.answer({ limit: 30_000 });
    this.#slowest = Math.max(this.#slowest, performance.now() - due);
    if (status !== 200 || !whole) {
      client[Symbol.dispose]();
      return count(this.#errors, status === 0 ? "no answer" : whole ? String(status) : `${status}, cut`);
    }
    this.#answered += 1;
    if (this.#bodies.size < 100) count(this.#bodies, body);
    this.#idle.push(client);
  }

  #free(): Client | null {
    for (let client = this.#idle.pop(); client !== undefined; client = this.#idle.pop()) {
      if (!client.ended) return client;
      client[Symbol.dispose]();
    }
    return null;
  }
}

export function shownErrors(errors: ReadonlyMap<string, number>): string {
  const sum = [...errors.values()].reduce((all, count) => all + count, 0);
  const parts = [...errors].map(([what, count]) => `${what}: ${count}`);
  return parts.length === 0 ? "0 errors" : `${sum} errors (${parts.join(", ")})`;
}

// Private

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
