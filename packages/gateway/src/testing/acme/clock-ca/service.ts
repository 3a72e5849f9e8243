/** What each path of the simulated CA does (RFC 8555 §7, RFC 9773). */
import { X509Certificate } from "node:crypto";
import { accountReply, authorizationReply, challengeBody, orderReply, renewalReply } from "./bodies.ts";
import type { Authorization, Desk } from "./desk.ts";
import type { Asked, Reply } from "./front.ts";
import type { Buckets } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import type { Registry } from "./registry.ts";
import { Signed, thumbprintOf, type Account, type SignedRequest } from "./signed.ts";

export interface ServiceDeps {
  readonly now: () => number;
  readonly desk: Desk;
  readonly registry: Registry;
  readonly buckets: Buckets;
  /** Names with their lifetimes in ms; null: the CA has none. */
  readonly profiles: Readonly<Record<string, number>> | null;
  readonly renewalInfo: boolean;
}

interface FromAccount {
  readonly account: Account;
  readonly payload: SignedRequest["payload"];
  readonly base: string;
}

export class Service {
  readonly #deps: ServiceDeps;
  /** By thumbprint, and by path. */
  readonly #accounts = new Map<string, Account>();
  readonly #signed = new Signed((kid) => this.#accounts.get(URL.parse(kid)?.pathname ?? "") ?? null);

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  nonce(): string {
    return this.#signed.nonce();
  }

  async reply({ method, base, path, body }: Asked): Promise<Reply> {
    const [what = "", ...rest] = path;
    if (method !== "POST") return this.#open(what, rest[0] ?? "", base);
    const request = this.#signed.read(body, `${base}/${path.join("/")}`);
    if (what === "new-account") return this.#enter(request, base);
    if (what === "revoke-cert") return this.#revoke(request);
    const { account, payload } = request;
    if (account === null) throw new Refusal(400, "malformed", "this must be signed by an account (kid)");
    return this.#serve(what, rest, { account, payload, base });
  }

  // Private

  #open(what: string, id: string, base: string): Reply {
    if (what === "directory") return { status: 200, body: this.#directory(base) };
    if (what === "new-nonce") return { status: 204 };
    if (what === "renewal-info" && this.#deps.renewalInfo) return renewalReply(this.#deps.registry.window(id));
    throw nothingThere(what);
  }

  #directory(base: string): object {
    const { renewalInfo, profiles } = this.#deps;
    const paths = { newNonce: "new-nonce", newAccount: "new-account", newOrder: "new-order", revokeCert: "revoke-cert" };
    const all = Object.entries({ ...paths, ...(renewalInfo ? { renewalInfo: "renewal-info" } : {}) });
    const described = Object.entries(profiles ?? {}).map(([name, life]) => [name, `${life / 86_400_000} days`]);
    const links = Object.fromEntries(all.map(([name, path]) => [name, `${base}/${path}`]));
    return { ...links, meta: profiles === null ? {} : { profiles: Object.fromEntries(described) as object } };
  }

  async #serve(what: string, [id = "", more = ""]: readonly string[], { account, payload, base }: FromAccount): Promise<Reply> {
    const { desk } = this.#deps;
    switch (what) {
      case "new-order":
        return this.#newOrder(account, payload ?? {}, base);
      case "order":
        return orderReply(desk.order(id, account), base);
      case "authz":
        return this.#authorization(desk.authorization(id, account), payload, base);
      case "challenge":
        return this.#challenge(desk.authorization(id, account), more, payload, base);
      case "finalize":
        return orderReply(await desk.finalize(desk.order(id, account), Buffer.from(String(payload?.["csr"]), "base64url")), base);
      case "certificate":
        return { status: 200, headers: { "content-type": "application/pem-certificate-chain" }, body: desk.chain(id, account) };
      default:
        throw nothingThere(what);
    }
  }

  #enter({ account, key, thumbprint, payload }: SignedRequest, base: string): Reply {
    if (account !== null) throw new Refusal(400, "malformed", "this must be signed by the key that comes along (jwk)");
    const known = this.#accounts.get(thumbprint);
    if (known !== undefined) return accountReply(known, base, 200);
    if (payload?.["onlyReturnExisting"] === true) throw new Refusal(400, "accountDoesNotExist", "this key has no account");
    this.#deps.buckets.check("accounts", "127.0.0.1");
    this.#deps.buckets.take("accounts", "127.0.0.1");
    const made: Account = { id: String(this.#accounts.size / 2 + 1), key, thumbprint };
    this.#accounts.set(thumbprint, made).set(`/account/${made.id}`, made);
    return accountReply(made, base, 201);
  }

  #newOrder(account: Account, payload: Readonly<Record<string, unknown>>, base: string): Reply {
    const {
      identifiers = [],
      replaces = null,
      profile = null,
    } = payload as {
      identifiers?: { value: string }[];
      replaces?: string;
      profile?: string;
    };
    const domains = identifiers.map(({ value }) => value);
    if (domains.length === 0 || domains.length > 100)
      throw new Refusal(400, "malformed", `an order has 1 to 100 names, not ${domains.length}`);
    const { desk, registry, profiles } = this.#deps;
    if (profile !== null && !Object.hasOwn(profiles ?? {}, profile))
      throw new Refusal(400, "invalidProfile", `there is no profile ${profile}`);
    const before = replaces === null ? null : registry.replaceable(replaces, account, domains);
    return { ...orderReply(desk.newOrder(account, { domains, replaces, profile }, before), base), status: 201 };
  }

  #authorization(authorization: Authorization, payload: SignedRequest["payload"], base: string): Reply {
    if (payload?.["status"] === "deactivated") authorization.status = "deactivated";
    return authorizationReply(authorization, base);
  }

  #challenge(authorization: Authorization, type: string, payload: SignedRequest["payload"], base: string): Reply {
    const challenge = authorization.challenges.find((one) => one.type === type);
    if (challenge === undefined) throw nothingThere("challenge");
    if (payload !== null) this.#deps.desk.answer(authorization, challenge);
    return { status: 200, body: challengeBody(authorization, challenge, base) };
  }

  /** By the account that got it, or by its own key (RFC 8555 §7.6). */
  #revoke({ account, thumbprint, payload }: SignedRequest): Reply {
    const found = this.#deps.registry.byDer(Buffer.from(String(payload?.["certificate"]), "base64url"));
    const own = account === null && thumbprint === thumbprintOf(new X509Certificate(found.der).publicKey);
    if (!own && account?.id !== found.account) throw new Refusal(403, "unauthorized", "the certificate belongs to another account");
    if (found.revokedAt !== null) throw new Refusal(400, "alreadyRevoked", "the certificate was revoked before");
    found.revokedAt = this.#deps.now();
    return { status: 200 };
  }
}

// Private

function nothingThere(what: string): Refusal {
  return new Refusal(404, "malformed", `there is nothing at ${what}`);
}
