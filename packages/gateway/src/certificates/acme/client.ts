/**
 * A CA as one account sees it: RFC 8555 with RFC 9773 (renewal information) and profiles. Every method is one step and keeps nothing but nonces and
 * the directory: who asks again, when, and which CA, is decided outside. Errors: ACME_PROBLEM (`AcmeProblem`: the CA refused), ACME_UNREACHABLE,
 * ACME_INVALID_ANSWER; an aborted signal rejects with its reason, a closed client with AbortError.
 */
import type { KeyObject } from "node:crypto";
import type { Clock } from "../clock.ts";
import { invalidAnswer } from "./answer-error.ts";
import { alternatesOf, chainOf, endsAt, PEM_CHAIN } from "./chain.ts";
import { binding, thumbprint } from "./jws.ts";
import { AcmeProblem, URN } from "./problem.ts";
import { authorizationOf, directoryOf, orderOf, windowOf } from "./resources.ts";
import type { AcmeAuthorization, AcmeDirectory, AcmeOrder, AuthorizationStatus, OrderStatus, SuggestedWindow } from "./resources.ts";
import { Settling } from "./settling.ts";
import { retryAfter, SignedRequests, type Post } from "./signed-requests.ts";
import { Transport, type Answer } from "./transport.ts";

export interface AcmeClientOptions {
  readonly directoryUrl: string;
  /** EC P-256. */
  readonly accountKey: KeyObject;
  /** Null: not registered yet, or not known; `register` finds it. */
  readonly accountUrl: string | null;
  /** `hmacKey`: base64url. */
  readonly eab: { readonly kid: string; readonly hmacKey: string } | null;
  /** PEM of roots trusted beside the system's. */
  readonly trusted: string | null;
  readonly clock: Clock;
  /** Closes it, as `close` does. */
  readonly signal?: AbortSignal;
  /** How long one answer may take, ms of real time. Default 30 s. */
  readonly answerWithin?: number;
}

export interface OrderWish {
  readonly domains: readonly string[];
  /** `certId` of the certificate it takes the place of (RFC 9773 §5); left out where the CA has no renewal information. */
  readonly replaces?: string | null;
  readonly profile?: string | null;
}

export interface RenewalWindow extends SuggestedWindow {
  /** Not asked again before. Unix ms. */
  readonly againAt: number;
}

export interface Until<Status> {
  readonly until: readonly Status[];
  /** Unix ms. */
  readonly deadline: number;
}

const HOUR = 3_600_000;
/** RFC 9773 §4.3: 6 hours where the CA does not say, and what it says within reason. */
const ARI_AGAIN = { usual: 6 * HOUR, least: 60_000, most: 24 * HOUR };

export class AcmeClient implements Disposable {
  readonly #options: AcmeClientOptions;
  readonly #transport: Transport;
  readonly #requests: SignedRequests;
  readonly #thumbprint: string;
  readonly #close = (): void => this.close();
  #account: string | null;
  #directory: { readonly value: AcmeDirectory; readonly until: number } | null = null;

  constructor(options: AcmeClientOptions) {
    this.#options = options;
    this.#account = options.accountUrl;
    this.#thumbprint = thumbprint(options.accountKey);
    this.#transport = new Transport(options.trusted, options.answerWithin);
    this.#requests = new SignedRequests({ transport: this.#transport, accountKey: options.accountKey, clock: options.clock });
    options.signal?.addEventListener("abort", this.#close, { once: true });
    if (options.signal?.aborted === true) this.close();
  }

  /** Kept for an hour. */
  async directory(signal: AbortSignal): Promise<AcmeDirectory> {
    const now = this.#options.clock.now();
    if (this.#directory !== null && now < this.#directory.until) return this.#directory.value;
    const value = directoryOf(await this.#requests.get(this.#options.directoryUrl, signal));
    this.#directory = { value, until: now + HOUR };
    return value;
  }

  /** Makes an account for the key, or finds the one it has. Agrees to the CA's terms. Returns its URL. */
  async register(email: string | null, signal: AbortSignal): Promise<string> {
    const { newAccount } = await this.directory(signal);
    const { accountKey, eab } = this.#options;
    const contact = email === null ? {} : { contact: [`mailto:${email}`] };
    const bound = eab === null ? {} : { externalAccountBinding: binding(accountKey, newAccount, eab) };
    return this.#entered({ termsOfServiceAgreed: true, ...contact, ...bound }, newAccount, signal);
  }

  /** The account this key has at the CA; null: none. Makes none. */
  async findAccount(signal: AbortSignal): Promise<string | null> {
    const { newAccount } = await this.directory(signal);
    try {
      return await this.#entered({ onlyReturnExisting: true }, newAccount, signal);
    } catch (error) {
      if (error instanceof AcmeProblem && error.is("accountDoesNotExist")) return null;
      throw error;
    }
  }

  /** ACME_PROBLEM `invalidProfile` also where the CA would have ignored it. */
  async newOrder({ domains, replaces = null, profile = null }: OrderWish, signal: AbortSignal): Promise<AcmeOrder> {
    const { newOrder, renewalInfo, meta } = await this.directory(signal);
    if (profile !== null && !Object.hasOwn(meta.profiles ?? {}, profile)) throw unknownProfile(newOrder, profile, meta.profiles);
    const identifiers = domains.map((value) => ({ type: "dns", value }));
    const before = replaces === null || renewalInfo === null ? {} : { replaces };
    const answer = await this.#post(
      { url: newOrder, payload: { identifiers, ...before, ...(profile === null ? {} : { profile }) } },
      signal,
    );
    return orderOf(answer, locationOf(answer));
  }

  async order(url: string, signal: AbortSignal): Promise<AcmeOrder> {
    return orderOf(await this.#post({ url, payload: null }, signal), url);
  }

  async authorization(url: string, signal: AbortSignal): Promise<AcmeAuthorization> {
    return authorizationOf(await this.#post({ url, payload: null }, signal), url);
  }

  /** RFC 8555 §8.1. */
  keyAuthorization(token: string): string {
    return `${token}.${this.#thumbprint}`;
  }

  /** Tells the CA that it may look now. */
  async answer(challengeUrl: string, signal: AbortSignal): Promise<void> {
    await this.#post({ url: challengeUrl, payload: {} }, signal);
  }

  /** Asks until it has one of these statuses. Rejects with the CA's reason when it came to nothing; ACME_UNREACHABLE at the deadline. */
  settled(kind: "order", url: string, until: Until<OrderStatus>, signal: AbortSignal): Promise<AcmeOrder>;
  settled(kind: "authorization", url: string, until: Until<AuthorizationStatus>, signal: AbortSignal): Promise<AcmeAuthorization>;
  settled(kind: "order" | "authorization", url: string, until: Until<string>, signal: AbortSignal): Promise<AcmeOrder | AcmeAuthorization> {
    const settling = new Settling({ clock: this.#options.clock, ask: () => this.#post({ url, payload: null }, signal) });
    return kind === "order" ? settling.of(orderOf, url, until, signal) : settling.of(authorizationOf, url, until, signal);
  }

  /** `csr`: DER. The order it returns may still be processing. */
  async finalize({ url, finalize }: AcmeOrder, csr: Buffer, signal: AbortSignal): Promise<AcmeOrder> {
    return orderOf(await this.#post({ url: finalize, payload: { csr: csr.toString("base64url") } }, signal), url);
  }

  /** PEM, the leaf first. Of several chains the first that ends at the root of this common name; without one, the CA's choice. */
  async download(url: string, preferredRoot: string | null, signal: AbortSignal): Promise<string> {
    const answer = await this.#post({ url, payload: null, accept: PEM_CHAIN }, signal);
    const usual = chainOf(answer);
    if (preferredRoot === null || endsAt(usual, preferredRoot)) return usual;
    for (const alternate of alternatesOf(answer)) {
      // oxlint-disable-next-line no-await-in-loop
      const chain = chainOf(await this.#post({ url: alternate, payload: null, accept: PEM_CHAIN }, signal));
      if (endsAt(chain, preferredRoot)) return chain;
    }
    return usual;
  }

  /** `reason`: RFC 5280 §5.3.1, as 1 for a stolen key. Fulfilled also when it was revoked before. */
  async revoke(leaf: Buffer, reason: number, signal: AbortSignal): Promise<void> {
    const { revokeCert } = await this.directory(signal);
    try {
      await this.#post({ url: revokeCert, payload: { certificate: leaf.toString("base64url"), reason } }, signal);
    } catch (error) {
      if (!(error instanceof AcmeProblem && error.is("alreadyRevoked"))) throw error;
    }
  }

  /** Gives an authorization up, so that it does not stay open at the CA. */
  async deactivate(authorizationUrl: string, signal: AbortSignal): Promise<void> {
    await this.#post({ url: authorizationUrl, payload: { status: "deactivated" } }, signal);
  }

  /** When the CA wants the certificate of this `certId` renewed; null: it does not say of any. */
  async renewalInfo(certId: string, signal: AbortSignal): Promise<RenewalWindow | null> {
    const { renewalInfo } = await this.directory(signal);
    if (renewalInfo === null) return null;
    const answer = await this.#requests.get(`${renewalInfo.replace(/\/$/, "")}/${certId}`, signal);
    const now = this.#options.clock.now();
    const again = retryAfter(answer, now) ?? now + ARI_AGAIN.usual;
    return { ...windowOf(answer), againAt: Math.min(Math.max(again, now + ARI_AGAIN.least), now + ARI_AGAIN.most) };
  }

  /** Ends what is under way and closes every socket. */
  close(): void {
    this.#options.signal?.removeEventListener("abort", this.#close);
    this.#transport.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // Private

  async #entered(payload: object, newAccount: string, signal: AbortSignal): Promise<string> {
    const answer = await this.#post({ url: newAccount, payload, account: null }, signal);
    this.#account = locationOf(answer);
    return this.#account;
  }

  async #post(post: Omit<Post, "account"> & { readonly account?: null }, signal: AbortSignal): Promise<Answer> {
    const { newNonce } = await this.directory(signal);
    if (this.#account === null && post.account === undefined)
      throw new Error("This account has no URL yet: register it, or find it, first.");
    return this.#requests.post({ account: this.#account, ...post }, newNonce, signal);
  }
}

// Private

function locationOf({ url, headers }: Answer): string {
  const location = URL.parse(headers.location ?? "", url);
  if (headers.location !== undefined && location?.protocol === "https:") return location.href;
  throw invalidAnswer(url, "does not say where it made what was asked for: its answer has no https:// Location.");
}

function unknownProfile(url: string, profile: string, profiles: AcmeDirectory["meta"]["profiles"]): AcmeProblem {
  const known = Object.keys(profiles ?? {});
  const detail = `The CA has no profile ${JSON.stringify(profile)}; it has ${known.length === 0 ? "none" : known.join(", ")}.`;
  return new AcmeProblem({ type: `${URN}invalidProfile`, detail, subproblems: [], answerStatus: 400, notBefore: null, url });
}
