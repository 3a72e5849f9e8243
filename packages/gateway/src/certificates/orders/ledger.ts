/**
 * What was asked of each CA lately, so that its limits are never run into: there a refusal costs days. Exact over all instances: one script looks and takes.
 * It counts what we ask, not what others ask for the same domain. Nothing is kept longer than the window it counts in.
 */
import { createHash } from "node:crypto";
import { defineScript, type Reply, type Store } from "@tidegate/streams";
import type { GatewayKeys } from "../../keys.ts";
import type { Clock } from "../clock.ts";
import { BUCKETS, limitsOf as usualLimits, stagingLimits, type Bucket, type Limit, type Limits } from "./limits.ts";
import { registeredDomain } from "./registered-domain.ts";

const LEDGER = defineScript(new URL("./ledger.lua", import.meta.url));

/** Whom an order goes to. */
export interface LedgerOrder {
  /** Directory that is asked. */
  readonly directoryUrl: string;
  /** Of a staging server. */
  readonly staging: boolean;
  /** What tells the accounts at that directory apart, as the URL of the account. */
  readonly account: string;
  readonly domains: readonly string[];
  /** A renewal that names the certificate it replaces (RFC 9773 §5): certificates are not counted, orders and failures are. */
  readonly replaces: boolean;
}

/** `id`: of the order, of our own making; the same one is never counted twice, so that it may be taken again after a crash. */
export type IdentifiedOrder = LedgerOrder & { readonly id: string };

export interface Budget {
  readonly bucket: Bucket;
  /** In words, with what it is counted for. */
  readonly what: string;
  readonly used: number;
  readonly limit: number;
  /** Unix ms; null: there is room now. */
  readonly again_at: number | null;
}

export type Taken = { readonly ok: true } | ({ readonly ok: false } & Budget & { readonly again_at: number });

export interface LedgerOptions {
  readonly store: () => Store;
  readonly keys: GatewayKeys;
  readonly clock: Clock;
  /** Of a directory of production; null: no limits. Default: Let's Encrypt's for its own, generous ones for others. */
  readonly limitsOf?: (directory: string) => Limits | null;
}

export class Ledger {
  readonly #store: () => Store;
  readonly #keys: GatewayKeys;
  readonly #clock: Clock;
  readonly #limitsOf: (directory: string) => Limits | null;

  constructor({ store, keys, clock, limitsOf = usualLimits }: LedgerOptions) {
    [this.#store, this.#keys, this.#clock, this.#limitsOf] = [store, keys, clock, limitsOf];
  }

  /** Before the CA is asked for an order. Not ok: nothing was taken; the fullest window is named. */
  async take(order: IdentifiedOrder): Promise<Taken> {
    const windows = this.#windows(order);
    const { free, budgets } = await this.#run("take", order.id, windows);
    if (free) return { ok: true };
    const full = budgets.filter((budget): budget is Budget & { again_at: number } => budget.again_at !== null);
    const last = full.reduce((later, each) => (each.again_at > later.again_at ? each : later));
    return { ok: false, ...last };
  }

  /** The CA never made the order: nothing of it counts. */
  async notOrdered(order: IdentifiedOrder): Promise<void> {
    await this.#giveBack(order, ["account", "domain", "names"]);
  }

  /** The order ended without a certificate: it counts as an order, and not as a certificate. */
  async notIssued(order: IdentifiedOrder): Promise<void> {
    await this.#giveBack(order, ["domain", "names"]);
  }

  /** The CA's verdict on these names was no. `order.id` tells one failure from the next. */
  async failedValidation(order: IdentifiedOrder, domains: readonly string[]): Promise<void> {
    const windows = this.#windows({ ...order, domains }).filter(({ bucket }) => bucket === "failed");
    await this.#run(
      "note",
      order.id,
      windows.map((window) => ({ ...window, adds: true })),
    );
  }

  /** As it stands now; of a domain or name that is counted singly those that are used. */
  async left(order: LedgerOrder): Promise<Budget[]> {
    const { budgets } = await this.#run("look", "", this.#windows(order));
    return budgets.filter(({ bucket, used }) => bucket !== "failed" || used > 0);
  }

  // Private

  #windows({ directoryUrl, staging, account, domains, replaces }: LedgerOrder): Window[] {
    const known = this.#limitsOf(directoryUrl);
    if (known === null) return [];
    const limits = staging ? stagingLimits(known) : known;
    const window = (bucket: Bucket, counted: string, of: string, adds = true): Window => {
      const key = this.#keys.acmeLedger(bucket, hashOf(directoryUrl, bucket === "failed" ? `${account} ${of}` : of));
      return { bucket, key, adds, what: `${BUCKETS[bucket]}${counted}`, ...limits[bucket] };
    };
    const hosts = unique(domains.map((domain) => domain.replace(/^\*\./, "")));
    const failed = hosts.map((host) => window("failed", ` ${host}`, host, false));
    const orders = window("account", "", account);
    if (replaces) return [orders, ...failed];
    const registered = unique(domains.map(registeredDomain)).map((domain) => window("domain", ` ${domain}`, domain));
    return [orders, ...registered, window("names", "", unique(domains).join(" ")), ...failed];
  }

  async #run(mode: "take" | "look" | "note", member: string, windows: readonly Window[]): Promise<{ free: boolean; budgets: Budget[] }> {
    if (windows.length === 0) return { free: true, budgets: [] };
    const now = Math.round(this.#clock.now());
    const rules = windows.flatMap(({ limit, width, adds }) => [String(limit), String(width), adds ? "1" : "0"]);
    const keys = windows.map(({ key }) => key);
    const reply = await this.#store().run(LEDGER, keys, [String(now), member, mode, ...rules]);
    return readAnswer(reply, windows);
  }

  async #giveBack(order: IdentifiedOrder, buckets: readonly Bucket[]): Promise<void> {
    const back = this.#windows(order).filter(({ bucket }) => buckets.includes(bucket));
    for (const { key } of back) await this.#store().ask(["ZREM", key, order.id]);
  }
}

// Private

interface Window extends Limit {
  readonly bucket: Bucket;
  readonly key: string;
  readonly what: string;
  readonly adds: boolean;
}

function readAnswer(reply: Reply, windows: readonly Window[]): { free: boolean; budgets: Budget[] } {
  const numbers = Array.isArray(reply) ? reply.map(Number) : [];
  const budgets = windows.map(({ bucket, what, limit }, at) => {
    const [used = 0, again = 0] = numbers.slice(1 + 2 * at, 3 + 2 * at);
    return { bucket, what, used, limit, again_at: again === 0 ? null : again };
  });
  return { free: numbers[0] === 1, budgets };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}

/** Names of keys stay short, and free of what somebody asked for. */
function hashOf(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("base64url").slice(0, 22);
}
