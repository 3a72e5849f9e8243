/**
 * What becomes of orders (RFC 8555 §7.1.6): pending → ready when every authorization is valid → valid with the certificate; invalid when one
 * authorization is, or the order is too old. Limits are asked when an order is made, and taken from as Let's Encrypt does.
 */
import { randomBytes } from "node:crypto";
import { registeredDomain, type Buckets } from "./limits.ts";
import type { Issued, Issuer } from "./issuer.ts";
import { Refusal } from "./refusal.ts";
import type { Registry } from "./registry.ts";
import type { Account } from "./signed.ts";

export interface ChallengeToValidate {
  readonly type: "http-01" | "tls-alpn-01" | "dns-01";
  readonly domain: string;
  readonly token: string;
  readonly keyAuthorization: string;
}

/** Null: it is shown; else what is wrong. */
export type Validate = (challenge: ChallengeToValidate) => Promise<string | null>;

export interface Challenge {
  readonly type: ChallengeToValidate["type"];
  readonly token: string;
  status: "pending" | "processing" | "valid" | "invalid";
  error: Refusal | null;
}

export interface Authorization {
  readonly id: string;
  readonly account: Account;
  readonly domain: string;
  readonly wildcard: boolean;
  readonly expires: number;
  readonly challenges: readonly Challenge[];
  status: "pending" | "valid" | "invalid" | "deactivated";
}

export interface Order {
  readonly id: string;
  readonly account: Account;
  /** Unix ms. */
  readonly at: number;
  readonly domains: readonly string[];
  readonly replaces: string | null;
  readonly profile: string | null;
  readonly authorizations: readonly Authorization[];
  status: "pending" | "ready" | "processing" | "valid" | "invalid";
  certificate: Issued | null;
}

export interface OrderRequest {
  readonly domains: readonly string[];
  readonly replaces: string | null;
  readonly profile: string | null;
}

export interface DeskDeps {
  readonly now: () => number;
  readonly issuer: Issuer;
  readonly buckets: Buckets;
  readonly registry: Registry;
  readonly lifetimeOf: (profile: string | null) => number;
  readonly validate: Validate | null;
}

export const ORDER_LIFE = 7 * 86_400_000;

export class Desk {
  readonly orders: Order[] = [];
  readonly #deps: DeskDeps;
  readonly #orders = new Map<string, Order>();
  readonly #authorizations = new Map<string, Authorization>();

  constructor(deps: DeskDeps) {
    this.#deps = deps;
  }

  /** `before`: the certificate that it replaces. Such orders are not limited. */
  newOrder(account: Account, { domains, replaces, profile }: OrderRequest, before: Issued | null): Order {
    if (before === null) this.#checkLimits(account, domains);
    else before.replaced = true;
    const at = this.#deps.now();
    const authorizations = domains.map((name) => this.#authorize(account, name, at + ORDER_LIFE));
    const order: Order = { id: newId(), account, at, domains, replaces, profile, authorizations, status: "pending", certificate: null };
    this.#orders.set(order.id, order);
    this.orders.push(order);
    return order;
  }

  order(id: string, account: Account): Order {
    const order = owned(this.#orders.get(id), account);
    if (order.status !== "pending") return order;
    const { authorizations } = order;
    if (authorizations.every(({ status }) => status === "valid")) order.status = "ready";
    else if (authorizations.some(({ status }) => status !== "pending" && status !== "valid")) order.status = "invalid";
    else if (this.#deps.now() > order.at + ORDER_LIFE) order.status = "invalid";
    return order;
  }

  authorization(id: string, account: Account): Authorization {
    return owned(this.#authorizations.get(id), account);
  }

  /** The client says that it is ready. */
  answer(authorization: Authorization, challenge: Challenge): void {
    if (authorization.status !== "pending" || challenge.status !== "pending") return;
    const { validate } = this.#deps;
    if (validate === null) return this.#settle(authorization, challenge, null);
    challenge.status = "processing";
    const { type, token } = challenge;
    const keyAuthorization = `${token}.${authorization.account.thumbprint}`;
    const found = validate({ type, domain: authorization.domain, token, keyAuthorization });
    void found.catch(String).then((wrong) => this.#settle(authorization, challenge, wrong));
  }

  async finalize(order: Order, csr: Buffer): Promise<Order> {
    if (order.status !== "ready") throw new Refusal(403, "orderNotReady", `the order is ${order.status}`);
    const { issuer, now, lifetimeOf, buckets, registry } = this.#deps;
    const notBefore = Math.floor(now() / 1_000) * 1_000 - BACKDATED;
    const life = { notBefore, notAfter: notBefore + lifetimeOf(order.profile) - 1_000 };
    order.certificate = await issuer.issue(csr, order.domains, life, order.account.id);
    order.status = "valid";
    if (order.replaces === null) for (const [name, key] of certificateLimits(order.domains)) buckets.take(name, key);
    registry.add(order.certificate);
    return order;
  }

  /** PEM. */
  chain(id: string, account: Account): string {
    const { certificate, status } = this.order(id, account);
    if (certificate === null) throw new Refusal(403, "orderNotReady", `the order is ${status}`);
    return certificate.chain;
  }

  // Private

  #checkLimits(account: Account, domains: readonly string[]): void {
    const { buckets } = this.#deps;
    for (const [name, key] of certificateLimits(domains)) buckets.check(name, key);
    for (const domain of domains) buckets.check("failedValidations", `${account.id} ${bare(domain)}`);
    buckets.check("accountOrders", account.id);
    buckets.take("accountOrders", account.id);
  }

  #authorize(account: Account, name: string, expires: number): Authorization {
    const wildcard = name.startsWith("*.");
    const types = wildcard ? (["dns-01"] as const) : (["http-01", "tls-alpn-01", "dns-01"] as const);
    const challenges = types.map((type): Challenge => ({
      type,
      token: randomBytes(24).toString("base64url"),
      status: "pending",
      error: null,
    }));
    const made: Authorization = { id: newId(), account, domain: bare(name), wildcard, expires, challenges, status: "pending" };
    this.#authorizations.set(made.id, made);
    return made;
  }

  #settle(authorization: Authorization, challenge: Challenge, wrong: string | null): void {
    challenge.status = wrong === null ? "valid" : "invalid";
    authorization.status = challenge.status;
    if (wrong === null) return;
    challenge.error = new Refusal(403, "unauthorized", wrong);
    this.#deps.buckets.take("failedValidations", `${authorization.account.id} ${authorization.domain}`);
  }
}

// Private

/** Let's Encrypt's certificates begin an hour before they are made, for clocks that are slow. */
const BACKDATED = 3_600_000;

function certificateLimits(domains: readonly string[]): ["domainCertificates" | "sameNames", string][] {
  const registered = [...new Set(domains.map((name) => registeredDomain(name)))];
  const same = domains.toSorted((one, other) => one.localeCompare(other)).join(",");
  return [["sameNames", same], ...registered.map((name): ["domainCertificates", string] => ["domainCertificates", name])];
}

function owned<T extends { readonly account: Account }>(found: T | undefined, account: Account): T {
  if (found === undefined) throw new Refusal(404, "malformed", "there is nothing of that name");
  if (found.account !== account) throw new Refusal(403, "unauthorized", "it belongs to another account");
  return found;
}

function bare(name: string): string {
  return name.replace(/^\*\./, "");
}

function newId(): string {
  return randomBytes(9).toString("base64url");
}
