/** Both ends of the witness: starting its process (for a run) and reporting to it (for a worker). */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { removeAtExit } from "./leftovers.ts";
import type { Deed } from "@tidegate/streams/testing";

/** What a worker reports: its deeds, and each settlement that Redis refused because the lease had gone to somebody else. */
type Report = Deed["kind"] | "fenced";

type News = { readonly effected: number; readonly kind: Report | "ready"; readonly worker: string };

export class Witness implements AsyncDisposable {
  readonly socket: string;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #leftover: Disposable;
  readonly #watchers = new Set<() => void>();
  readonly #gone: PromiseWithResolvers<never> = Promise.withResolvers<never>();
  #effected = 0;
  #lastAck = new Map<string, number>();
  readonly #inHand = new Map<string, number>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.socket = join(folder, "effects.sock");
    this.#leftover = removeAtExit(folder);
    this.#process = fork(new URL("./effects-server.ts", import.meta.url), [this.socket, this.#history]);
    this.#process.once("exit", (code) => this.#gone.reject(new Error(`The witness ended with ${String(code)}; its error is above.`)));
    this.#gone.promise.catch(() => {});
    this.#process.on("message", (news: News) => this.#heard(news));
  }

  static async start(): Promise<Witness> {
    const witness = new Witness(await mkdtemp(join(tmpdir(), "tidegate-effects-")));
    await once(witness.#process, "message");
    return witness;
  }

  /** Distinct messages with an effect so far. */
  get effected(): number {
    return this.#effected;
  }

  /** When a worker was last heard to acknowledge, in milliseconds of `now()`; 0 before its first. */
  lastAck(worker: string): number {
    return this.#lastAck.get(worker) ?? 0;
  }

  /** Messages a worker has begun and not finished. */
  inHand(worker: string): number {
    return this.#inHand.get(worker) ?? 0;
  }

  /** Resolves as soon as the condition holds; looked at whenever a deed is reported. */
  async until(what: string, condition: () => boolean, limit: number = 60_000): Promise<void> {
    if (condition()) return;
    const reached = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reached.reject(new Error(`Not within ${limit / 1_000} s: ${what}; ${this.#effected} effects so far.`)),
      limit,
    );
    const watcher = (): void => void (condition() && reached.resolve());
    this.#watchers.add(watcher);
    await Promise.race([reached.promise, this.#gone.promise]).finally(() => (clearTimeout(timer), this.#watchers.delete(watcher)));
  }

  deeds(): Deed[] {
    return this.#reports().filter((report): report is Deed => report.kind !== "fenced");
  }

  /** Settlements refused because the lease was lost. */
  fenced(): number {
    return this.#reports().filter((report) => report.kind === "fenced").length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leftover[Symbol.dispose]();
    this.#process.kill("SIGKILL");
    await this.#gone.promise.catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #history(): string {
    return join(this.#folder, "history.jsonl");
  }

  #reports(): (Omit<Deed, "kind"> & { kind: Report })[] {
    const lines = readFileSync(this.#history, "utf8").trimEnd().split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Deed);
  }

  #heard({ effected, kind, worker }: News): void {
    this.#effected = effected;
    if (kind === "acked") this.#lastAck.set(worker, now());
    if (kind === "begin" || kind === "effect") this.#inHand.set(worker, this.inHand(worker) + (kind === "begin" ? 1 : -1));
    for (const watcher of this.#watchers) watcher();
  }
}

/** A worker's line to the witness. */
export class Reporter {
  readonly #socket: Socket;
  readonly #worker: string;
  readonly #answers = new Map<number, (() => void)[]>();

  constructor(path: string, worker: string) {
    this.#worker = worker;
    this.#socket = createConnection(path);
    createInterface({ input: this.#socket }).on("line", (line) => this.#answers.get(Number(line))?.shift()?.());
  }

  /** Sends without waiting; lines keep their order. */
  tell(kind: Report, seq: number, entryId: string): void {
    this.#socket.write(`${JSON.stringify({ kind, seq, worker: this.#worker, entryId })}\n`);
  }

  /** The effect itself: resolves when the witness has written it down. */
  effect(seq: number, entryId: string): Promise<void> {
    const answered = Promise.withResolvers<void>();
    this.#answers.set(seq, [...(this.#answers.get(seq) ?? []), answered.resolve]);
    this.tell("effect", seq, entryId);
    return answered.promise;
  }
}

/** Monotonic milliseconds, the same in every process of this machine. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
