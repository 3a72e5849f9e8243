/**
 * Every token in the memory of this process, found by the digest of its secret: a request costs no round trip, and unknown secrets reach
 * nobody. It follows the store, so that what another process revokes is refused here as soon as the news arrive; and it looks at the store by
 * itself every two seconds. A process that could not look for ten seconds answers that it does not know, rather than letting in what may have
 * been revoked meanwhile.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Entities, Revision, Table } from "@tidegate/gateway";
import type { KnownToken, TokenSource } from "./auth.ts";
import { LastUse } from "./last-use.ts";
import { Refusal } from "./refusal.ts";
import { isExpired, isSecretOf } from "./token-data.ts";
import type { Token, TokenData } from "./token-data.ts";

export interface DirectoryDeps {
  readonly entities: Entities;
  readonly onTrouble: (component: string, message: string) => void;
  /** Unix ms. */
  readonly now?: () => number;
  /** Milliseconds of a clock that only goes on. */
  readonly clock?: () => number;
}

const LOOK_EVERY = 2_000;
/** Milliseconds without a look at the store after which nobody knows. */
const TRUSTED_FOR = 10_000;
/** Changes looked at; behind more of them everything is read anew. */
const LOOK_BACK = 100;

export class TokenDirectory implements TokenSource {
  readonly name = "tokens";
  readonly #deps: DirectoryDeps;
  readonly #table: Table<TokenData>;
  readonly #use: LastUse;
  readonly #now: () => number;
  readonly #clock: () => number;
  readonly #byName = new Map<string, Token>();
  readonly #byDigest = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  #work: Promise<void> = Promise.resolve();
  #newest: string | null = null;
  #lookedAt = -Infinity;
  #end = new AbortController();

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    this.#clock = deps.clock ?? (() => performance.now());
    this.#table = deps.entities.table<TokenData>("token");
    this.#use = new LastUse(this.#table, this.#now);
  }

  get size(): number {
    return this.#byName.size;
  }

  async start(): Promise<void> {
    this.#end = new AbortController();
    const { signal } = this.#end;
    await this.#look();
    // Resolves when it listens; where that takes long, the looks go on.
    void this.#deps.entities.follow(["token"], (change) => this.#heard(change), signal).catch((error: unknown) => this.#missed(error));
    void this.#lookOn(signal);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#use.settled();
  }

  health(): { readonly healthy: boolean; readonly detail?: string } {
    return this.#knows()
      ? { healthy: true }
      : { healthy: false, detail: "the store was not seen for 10 s; only the admin token is accepted" };
  }

  /** Called after anything that may have ended a token. Answers how to end the calls. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  find(digest: string): KnownToken | null {
    if (!this.#knows()) throw notKnown();
    const token = this.#byName.get(this.#byDigest.get(digest) ?? "");
    const now = this.#now();
    if (token === undefined || token.data.revoked_at !== null || !isSecretOf(token.data, digest, now)) return null;
    if (isExpired(token.data, now)) throw expired(token);
    return { subject: token.name, scopes: token.data.scopes };
  }

  used(subject: string): void {
    const token = this.#byName.get(subject);
    if (token !== undefined) this.#use.note(token);
  }

  /** After a change of this process: counts when it resolves. */
  async changed(name: string): Promise<void> {
    try {
      await this.#inTurn(() => this.#refresh(name));
    } catch (error) {
      // What it was before must not be believed any longer.
      this.#lookedAt = -Infinity;
      this.#missed(error);
    }
  }

  // Private

  #knows(): boolean {
    return this.#clock() - this.#lookedAt <= TRUSTED_FOR;
  }

  #heard(change: Revision | null): void {
    const work = change === null ? this.#readAll() : this.#inTurn(() => this.#refresh(change.name));
    work.catch((error: unknown) => this.#missed(error));
  }

  async #lookOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(LOOK_EVERY, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.#look().catch((error: unknown) => this.#missed(error));
      // Something may have expired.
      this.#tell();
    }
  }

  /** Everything that happened before it began is known afterwards. */
  async #look(): Promise<void> {
    const began = this.#clock();
    const { items } = await this.#deps.entities.changes({ limit: LOOK_BACK, notes: true });
    const marks = items.map(markOf);
    const seen = this.#newest === null ? -1 : marks.indexOf(this.#newest);
    if (seen === -1) await this.#readAll();
    else for (const { name } of items.slice(0, seen).filter(({ kind }) => kind === "token")) await this.#inTurn(() => this.#refresh(name));
    this.#newest = marks[0] ?? "";
    this.#lookedAt = began;
  }

  /** One read after the other: what stands here is always the last one's answer. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  #readAll(): Promise<void> {
    return this.#inTurn(async () => {
      const tokens = await this.#table.list();
      this.#byName.clear();
      this.#byDigest.clear();
      for (const token of tokens) this.#set(token);
      this.#tell();
    });
  }

  async #refresh(name: string): Promise<void> {
    const token = await this.#table.get(name);
    this.#unlink(this.#byName.get(name));
    if (token === null) this.#byName.delete(name);
    else this.#set(token);
    this.#tell();
  }

  #set(token: Token): void {
    this.#byName.set(token.name, token);
    for (const digest of digestsOf(token)) this.#byDigest.set(digest, token.name);
  }

  #unlink(token: Token | undefined): void {
    if (token !== undefined) for (const digest of digestsOf(token)) this.#byDigest.delete(digest);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The next look reads everything. */
  #missed(error: unknown): void {
    this.#newest = null;
    if (!this.#knows())
      this.#deps.onTrouble(this.name, `the tokens cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

// Private

function digestsOf({ data: { hash, previous } }: Token): string[] {
  return [hash, previous?.hash ?? hash];
}

function markOf({ kind, name, version, at }: Revision): string {
  return `${kind}/${name}/${version}/${at}`;
}

function expired({ name, data }: Token): Refusal {
  const at = new Date(data.expires_at ?? 0).toISOString();
  return new Refusal(401, "TOKEN_EXPIRED", `The token "${name}" expired at ${at}.`, {
    hint: `Somebody who may can give it more time: tidegate token set ${name} --expires-in 90d`,
    headers: { "WWW-Authenticate": 'Bearer realm="tidegate", error="invalid_token"' },
  });
}

function notKnown(): Refusal {
  return new Refusal(
    503,
    "TOKENS_UNKNOWN",
    "Whether this token is still good cannot be known: the store has not answered for 10 seconds.",
    {
      hint: "Try again when Redis answers; the admin token works meanwhile.",
      headers: { "Retry-After": "2" },
    },
  );
}
