/**
 * Checks passwords so that guessing is slow and checking cannot take the machine: a right one is remembered for five minutes (as an HMAC under a
 * key of this process), at most two are computed at once, an address has four in hand at most and none for a minute after ten wrong ones. Who
 * was right lately passes all the same.
 */
import { createHmac, randomBytes } from "node:crypto";
import { Attempts } from "../../tcp/attempts.ts";
import { networkOf } from "../limits/network-of.ts";
import { matches, type PasswordHash } from "./password-hash.ts";

export type Verdict = "right" | "wrong" | "too_many_attempts" | "busy";

const REMEMBERED = 5 * 60_000;
const MOST_REMEMBERED = 10_000;
/** Of the four threads that files and names need as well. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 64;
const MOST_PER_CLIENT = 4;

export class Passwords {
  readonly #key = randomBytes(32);
  readonly #clock: () => number;
  readonly #attempts: Attempts;
  /** Digest → until when. */
  readonly #right = new Map<string, number>();
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #clients = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#attempts = new Attempts(clock);
  }

  /** `exists` false: the name does not, and only its time is spent. */
  check(
    shown: { readonly name: string; readonly password: string },
    hash: PasswordHash,
    address: string,
    exists: boolean,
  ): Verdict | Promise<Verdict> {
    const digest = this.#digest([shown.name, shown.password, hash.text, String(exists)]);
    if (exists && (this.#right.get(digest) ?? 0) > this.#clock()) return "right";
    const client = networkOf(address);
    if (this.#attempts.blocked(client)) return "too_many_attempts";
    const known = this.#underWay.get(digest);
    if (known === undefined && this.#waiting.length >= MOST_WAITING) return "busy";
    if ((this.#clients.get(client) ?? 0) >= MOST_PER_CLIENT && known === undefined) return "busy";
    return this.#verdict(known ?? this.#begin(digest, shown.password, hash, client, exists));
  }

  // Private

  async #verdict(checked: Promise<boolean>): Promise<Verdict> {
    return (await checked) ? "right" : "wrong";
  }

  /** The same question twice at once is computed once, and counted once. */
  #begin(digest: string, password: string, hash: PasswordHash, client: string, exists: boolean): Promise<boolean> {
    const checked = this.#compute(password, hash, client).then((same) => {
      if (same && exists) this.#remember(digest);
      else this.#attempts.failed(client);
      return same && exists;
    });
    this.#underWay.set(digest, checked);
    return checked.finally(() => this.#underWay.delete(digest));
  }

  async #compute(password: string, hash: PasswordHash, client: string): Promise<boolean> {
    this.#clients.set(client, (this.#clients.get(client) ?? 0) + 1);
    if (this.#running >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      // What it waited behind may have been its last guess.
      return !this.#attempts.blocked(client) && (await matches(password, hash));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
      this.#gaveBack(client);
    }
  }

  #gaveBack(client: string): void {
    const left = (this.#clients.get(client) ?? 1) - 1;
    if (left > 0) this.#clients.set(client, left);
    else this.#clients.delete(client);
  }

  #remember(digest: string): void {
    if (this.#right.size >= MOST_REMEMBERED) this.#right.delete(this.#right.keys().next().value ?? "");
    this.#right.delete(digest);
    this.#right.set(digest, this.#clock() + REMEMBERED);
  }

  #digest(parts: readonly string[]): string {
    return createHmac("sha256", this.#key).update(JSON.stringify(parts)).digest("base64");
  }
}
