/**
 * API tokens: made, changed, rotated, revoked. Whoever asks never gets further than its own scopes, owner and time reach. Nothing here is kept as a
 * revision: going back to one would make a secret good again that was rotated or revoked.
 */
import { GatewayError } from "@tidegate/gateway";
import type { Entities, Table } from "@tidegate/gateway";
import type { NewTokenAnswer, Scope, TokenAnswer } from "../gateway-contract.ts";
import type { Identity } from "./auth.ts";
import type { Holdings } from "./holdings.ts";
import { Refusal } from "./refusal.ts";
import { DEFAULT_SCOPES, demandAll, demandOwn } from "./scopes.ts";
import { digest, newSecret } from "./secret.ts";
import { ADMIN, adminAnswer, answerOf, hintOf, nameOf, newNameOf, unknownToken } from "./token-data.ts";
import type { Token, TokenData } from "./token-data.ts";
import type { TokenDirectory } from "./token-directory.ts";
import { tally } from "./ownership.ts";
import { summed } from "./holdings.ts";
import type { Counts } from "./holdings.ts";

export interface TokensDeps {
  readonly entities: Entities;
  readonly directory: TokenDirectory;
  readonly holdings: Holdings;
  /** Unix ms. */
  readonly now?: () => number;
}

/** What is left out stays, or of a new token: its default. Null as expiry: never. */
export interface TokenForm {
  readonly email?: string | null;
  readonly scopes?: readonly Scope[];
  readonly expires_at?: number | null;
}

/** Every process has all of them in memory. */
const MOST_TOKENS = 10_000;

export class Tokens {
  readonly #deps: TokensDeps;
  readonly #table: Table<TokenData>;
  readonly #now: () => number;

  constructor(deps: TokensDeps) {
    this.#deps = deps;
    this.#table = deps.entities.table<TokenData>("token");
    this.#now = deps.now ?? Date.now;
  }

  async list(): Promise<TokenAnswer[]> {
    const [tokens, owns] = await Promise.all([this.#table.list(), this.#deps.holdings.all()]);
    const made = tally(tokens.map(({ data }) => data.created_by));
    return tokens.map((token) => answerOf(token, ownedBy(token.name, owns, made), this.#now()));
  }

  async show(given: string): Promise<TokenAnswer> {
    const found = (await this.list()).find(({ name }) => name === given.toLowerCase());
    if (found !== undefined) return found;
    if (given.toLowerCase() !== ADMIN) throw unknownToken(given);
    const [owns, tokens] = await Promise.all([this.#deps.holdings.all(), this.#table.list()]);
    return adminAnswer(ownedBy(ADMIN, owns, tally(tokens.map(({ data }) => data.created_by))));
  }

  async create(who: Identity, given: string, form: TokenForm): Promise<NewTokenAnswer> {
    const name = newNameOf(given);
    const scopes = form.scopes ?? DEFAULT_SCOPES;
    demandAll(who, scopes, "Making a token that has it");
    if (this.#deps.directory.size >= MOST_TOKENS) throw tooMany();
    const expires_at = await this.#lifeOf(who, form.expires_at);
    // Nobody inherits from an earlier token of the same name.
    await this.#deps.holdings.pass(name, ADMIN, who.subject);
    const secret = newSecret("tg_");
    const data = { ...newData(secret, who.subject), email: form.email ?? null, scopes, expires_at };
    const events = [{ type: "token_created" as const, data: { token: name, by: who.subject } }];
    await this.#deps.entities.change([{ kind: "token", name, expect: 0, data, events, revision: false }], who.subject);
    await this.#deps.directory.changed(name);
    return { ...(await this.show(name)), token: secret };
  }

  async change(who: Identity, given: string, form: TokenForm): Promise<TokenAnswer> {
    const { name } = await this.mine(who, nameOf(given));
    if (form.scopes !== undefined) demandAll(who, form.scopes, "Giving it to a token");
    const life = form.expires_at === undefined ? {} : { expires_at: await this.#lifeOf(who, form.expires_at) };
    return await this.#update(name, who.subject, (data) => ({ ...data, ...form, ...life }));
  }

  /** The asking token's own; needs no scope. */
  async changeEmail(who: Identity, email: string | null): Promise<TokenAnswer> {
    return await this.#update(nameOf(who.subject), who.subject, (data) => ({ ...data, email }));
  }

  /** `grace`: seconds the secret before is good as well. Whoever gets the new secret needs the token's scopes. */
  async rotate(who: Identity, given: string, grace: number): Promise<NewTokenAnswer> {
    const { name } = await this.mine(who, nameOf(given));
    const secret = newSecret("tg_");
    const now = this.#now();
    const answer = await this.#update(name, who.subject, (data) => {
      demandAll(who, data.scopes, "Having the secret of a token that has it");
      const previous = grace > 0 ? { hash: data.hash, until: now + grace * 1000 } : null;
      return { ...data, hash: digest(secret), hint: hintOf(secret), previous, rotated_at: now };
    });
    return { ...answer, token: secret };
  }

  /** The token, which this one may change: 404, or 403 where it is neither itself nor made by it. */
  async mine(who: Identity, name: string): Promise<Token> {
    const token = await this.#table.get(name);
    if (token === null) throw unknownToken(name);
    demandOwn(who, "tokens", name === who.subject ? name : token.data.created_by, `The token "${name}"`);
    return token;
  }

  // Private

  async #update(name: string, by: string, change: (data: TokenData) => TokenData): Promise<TokenAnswer> {
    try {
      await this.#table.update(name, by, (data) => {
        if (data.revoked_at !== null) throw unknownToken(name);
        return { data: change(data), revision: false };
      });
    } catch (error) {
      throw error instanceof GatewayError && error.code === "UNKNOWN_ENTITY" ? unknownToken(name) : error;
    }
    await this.#deps.directory.changed(name);
    return await this.show(name);
  }

  /** Nobody makes what outlives it; without a wish it is as long as allowed. */
  async #lifeOf(who: Identity, wanted: number | null | undefined): Promise<number | null> {
    if (typeof wanted === "number" && wanted <= this.#now()) throw past(wanted);
    const limit = who.subject === ADMIN ? null : ((await this.#table.get(who.subject))?.data.expires_at ?? null);
    if (wanted === undefined || limit === null) return wanted ?? limit;
    if (wanted !== null && wanted <= limit) return wanted;
    throw new Refusal(
      403,
      "OUTLIVES_MAKER",
      `The token "${who.subject}" itself ends at ${new Date(limit).toISOString()}; what it makes ends no later.`,
      {
        hint: "Give an earlier expiry, or use a token that does not end.",
      },
    );
  }
}

// Private

function ownedBy(name: string, owns: (subject: string) => Counts, made: ReadonlyMap<string, number>): Counts {
  return { ...owns(name), ...summed([["tokens", made.get(name) ?? 0]]) };
}

function newData(secret: string, by: string): Omit<TokenData, "email" | "scopes" | "expires_at"> {
  return {
    hash: digest(secret),
    hint: hintOf(secret),
    previous: null,
    created_by: by,
    last_used_at: null,
    rotated_at: null,
    revoked_at: null,
  };
}

function past(wanted: number): Refusal {
  return new Refusal(400, "INVALID_REQUEST", `expires_at: ${new Date(wanted).toISOString()} is in the past.`, {
    hint: "Unix milliseconds; or give expires_in in seconds.",
  });
}

function tooMany(): Refusal {
  return new Refusal(409, "TOO_MANY_TOKENS", `There are ${MOST_TOKENS} tokens, the most there can be.`, {
    hint: "Revoke those nobody uses: tidegate token ls",
  });
}
