/**
 * Time that passes only when it is told to. Between two timers everything that waits on promises and on setImmediate goes as far
 * as it can, so a handler that only awaits the library has finished before the next timer fires.
 * It cannot see work outside the event loop's own queues (files, sockets, other threads): such work takes no virtual time.
 */
import type { Clock } from "../../clock.ts";

interface Timer {
  readonly due: number;
  readonly act: () => void;
}

/** Turns of the event loop without any activity after which nothing is under way any more. */
const QUIET = 4;
/** Turns after which time goes on although somebody is always busy: a test that polls must not stop time. */
const PATIENCE = 20_000;
const AUTO_PATIENCE = 30;

const HOUR = 3_600_000;

export interface VirtualClockOptions {
  /** Unix milliseconds it begins at. Default: now. */
  readonly start?: number;
  /** Run to the next timer whenever nothing else is under way. Default false. */
  readonly autoAdvance?: boolean;
}

export class VirtualClock implements Clock {
  readonly #start: number;
  readonly #auto: boolean;
  readonly #timers: Timer[] = [];
  #elapsed = 0;
  #activity = 0;
  #automatic = false;
  #stopped = false;
  #advancing: Promise<void> = Promise.resolve();

  constructor(options: VirtualClockOptions = {}) {
    this.#start = Math.floor(options.start ?? Date.now());
    this.#auto = options.autoAdvance ?? false;
  }

  wall(): number {
    return this.#start + this.#elapsed;
  }

  now(): number {
    return this.#elapsed;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { due: this.#elapsed + Math.max(0, ms), act };
    this.#insert(timer);
    this.noteActivity();
    if (this.#auto && !this.#automatic && !this.#stopped) void this.#runAutomatically();
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index === -1) return;
      this.#timers.splice(index, 1);
      this.noteActivity();
    };
  }

  /** Lets so much time pass: every timer due meanwhile fires in its order, and what it set off settles before the next. */
  advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    return (this.#advancing = this.#advancing.then(() => this.#to(end)));
  }

  /** Lets time pass until the answer is true; rejects when that takes more than `limit` virtual ms (default one hour). */
  async until(check: () => boolean | Promise<boolean>, limit = HOUR): Promise<void> {
    const end = this.#elapsed + limit;
    while (!(await this.#settled(Promise.resolve(check()), end))) this.#step(end);
  }

  /** Lets time pass until the promise is settled, and answers what it answers: `await clock.finish(tide.close())`. */
  finish<T>(promise: Promise<T>, limit = HOUR): Promise<T> {
    return this.#settled(promise, this.#elapsed + limit);
  }

  /** Waits until nothing is under way except timers. */
  async settle(patience: number = PATIENCE): Promise<void> {
    let [quiet, seen] = [0, this.#activity];
    for (let turn = 0; quiet < QUIET && turn < patience; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#activity === seen ? quiet + 1 : 0;
      seen = this.#activity;
    }
  }

  /** Something happened, so more may follow before time goes on. */
  noteActivity(): void {
    this.#activity++;
  }

  /** No timer fires by itself any more. */
  stop(): void {
    this.#stopped = true;
  }

  // Private

  async #settled<T>(promise: Promise<T>, end: number): Promise<T> {
    let over = false;
    promise
      .catch(() => {})
      .then(() => (over = true))
      .catch(() => {});
    for (;;) {
      await this.settle();
      if (over) return await promise;
      this.#step(end);
    }
  }

  #step(end: number): void {
    const next = this.#timers[0];
    if (next === undefined) throw new Error("The virtual clock has no timer left, and what is waited for has not happened.");
    if (next.due > end) throw new Error(`What is waited for did not happen until ${Math.round(end)} virtual ms.`);
    this.#fire(next);
  }

  async #to(end: number): Promise<void> {
    for (;;) {
      await this.settle();
      const next = this.#timers[0];
      if (next === undefined || next.due > end) break;
      this.#fire(next);
    }
    this.#elapsed = Math.max(this.#elapsed, end);
    await this.settle();
  }

  async #runAutomatically(): Promise<void> {
    this.#automatic = true;
    while (!this.#stopped) {
      await this.settle(AUTO_PATIENCE);
      const next = this.#timers[0];
      if (next === undefined) break;
      this.#fire(next);
    }
    this.#automatic = false;
  }

  #fire(timer: Timer): void {
    this.#timers.shift();
    this.#elapsed = Math.max(this.#elapsed, timer.due);
    timer.act();
  }

  /** Behind those due at the same time: first set, first fired. */
  #insert(timer: Timer): void {
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1] as Timer).due > timer.due) index--;
    this.#timers.splice(index, 0, timer);
  }
}
