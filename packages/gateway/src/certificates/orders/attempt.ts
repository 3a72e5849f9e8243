/**
 * One attempt to get a certificate, under the lease of its name: from the request to the whole bundle in the store, one trace, a span for each stage.
 * An order the CA knows is noted down before anything else is asked of it, with the key it will be finalised with: whoever comes after a crash goes on with
 * it instead of spending another.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Tide } from "@tidegate/streams";
import { GatewayError } from "../../errors.ts";
import type { Entity, Guard } from "../../store/entity.ts";
import type { Vault } from "../../store/vault.ts";
import { Accounts } from "../accounts.ts";
import { certId } from "../acme/ari.ts";
import type { AcmeClient } from "../acme/client.ts";
import { AcmeProblem } from "../acme/problem.ts";
import { newCsr, newKey } from "../acme/csr.ts";
import type { AcmeOrder } from "../acme/resources.ts";
import { checkUploaded, type CheckedCertificate } from "../check-uploaded.ts";
import type { Clock } from "../clock.ts";
import type { Ask } from "../renewal/ladder.ts";
import { sameNames } from "../renewal/when.ts";
import type { CertificateRequest } from "../request-spec.ts";
import type { CertificateData } from "../spec.ts";
import type { IdentifiedOrder, Ledger } from "./ledger.ts";
import { BudgetSpent, canGoOn } from "./outcome.ts";
import type { ProgressBook } from "./progress-book.ts";
import { orderKeyPlace, type OrderUnderWay, type Progress, type Stage } from "./progress.ts";
import type { Validation } from "./validation.ts";

export interface AttemptDeps {
  readonly tide: () => Tide;
  readonly accounts: Accounts;
  readonly book: ProgressBook;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly validation: Validation;
  readonly clock: Clock;
}

export interface AttemptOf {
  readonly request: Entity<CertificateRequest>;
  readonly certificate: Entity<CertificateData> | null;
  readonly ask: Ask;
  readonly guard: Guard;
  readonly signal: AbortSignal;
}

export interface Issued {
  /** Its key still open. */
  readonly checked: CheckedCertificate;
  readonly email: string | null;
}

/** A renewal that came to nothing after all was counted as one; the next order is one like any other (RFC 9773 §5). */
const ALREADY_REPLACED = "urn:ietf:params:acme:error:alreadyReplaced";
/** Milliseconds; CAs keep an order for a week. */
const ORDER_LIFE = 7 * 86_400_000;
/** Milliseconds for all names to be validated, and for the CA to issue. */
const VALIDATION_LIMIT = 300_000;
const ISSUE_LIMIT = 180_000;

export class Attempt {
  progress: Progress;
  stage: Stage = "account";
  readonly #deps: AttemptDeps;
  readonly #of: AttemptOf;

  constructor(deps: AttemptDeps, of: AttemptOf, progress: Progress) {
    this.#deps = deps;
    this.#of = of;
    this.progress = progress;
  }

  /** Rejects with what went wrong; `stage` says where, `progress` what is left to go on with. */
  async run(): Promise<Issued> {
    const { request, ask, signal } = this.#of;
    const account = { directoryUrl: ask.directoryUrl, email: request.data.email, eab: ask.authority.eab };
    const id = Accounts.idOf(account);
    try {
      const client = await this.#step("account", () => this.#deps.accounts.client(account, signal));
      const order = await this.#step("order", () => this.#order(client, id));
      const ready = order.status === "pending" ? await this.#validate(client, order) : order;
      const checked = await this.#issue(client, ready);
      return { checked, email: request.data.email };
    } catch (error) {
      await this.#deps.accounts.noticed(error, account);
      await this.#refused(error, id);
      throw error;
    }
  }

  /** Written down while the lease is held: LEASE_LOST where it is not. */
  async note(change: Partial<Progress>): Promise<void> {
    this.progress = { ...this.progress, ...change };
    await this.#deps.book.put(this.#of.request.name, this.progress, this.#of.guard);
  }

  /** What the ledger knows this attempt by. */
  entry(account: string): IdentifiedOrder {
    const { request, ask } = this.#of;
    const id = `${request.name} ${this.progress.began_at ?? 0} ${this.progress.attempt}`;
    return { id, directoryUrl: ask.directoryUrl, staging: isStaging(ask), account, domains: request.data.domains, replaces: false };
  }

  // Private

  async #step<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    this.stage = stage;
    await this.note({ stage });
    this.#of.signal.throwIfAborted();
    return await this.#deps
      .tide()
      .trace(`certificate.${stage}`, { certificate: this.#of.request.name, ca: this.#of.ask.directoryUrl }, work);
  }

  /** The one under way, if the CA still has it; else a new one. */
  async #order(client: AcmeClient, account: string): Promise<AcmeOrder> {
    const { signal } = this.#of;
    const known = this.progress.order;
    if (known !== null && this.#fits(known) && !this.#isStored(known)) {
      const order = await client.order(known.url, signal).catch(forgotten);
      if (order !== null && order.status !== "invalid") return order;
    }
    await this.note({ order: null });
    return await this.#newOrder(client, account);
  }

  async #newOrder(client: AcmeClient, account: string): Promise<AcmeOrder> {
    const { request, ask, signal } = this.#of;
    const { name, data } = request;
    const replaces = this.#replaces();
    const { domains, profile } = data;
    const entry = { ...this.entry(account), replaces: replaces !== null };
    const taken = await this.#deps.ledger.take(entry);
    if (!taken.ok) throw new BudgetSpent(taken);
    const key = (await newKey(data.key_type)).export({ format: "pem", type: "pkcs8" }).toString();
    const wish = { domains, replaces, profile: ask.server === "probe" ? null : profile };
    const order = await client.newOrder(wish, signal).catch(async (error: unknown) => {
      // Whether a CA that does not answer has made it, nobody knows.
      await (error instanceof AcmeProblem ? this.#deps.ledger.notOrdered(entry) : this.#deps.ledger.notIssued(entry));
      throw error;
    });
    const { directoryUrl: ca } = ask;
    const staging = isStaging(ask);
    const sealed = this.#deps.vault.seal(key, orderKeyPlace(name));
    await this.note({ order: { url: order.url, ca, staging, key: sealed, domains, entry: entry.id, began_at: this.#deps.clock.now() } });
    return order;
  }

  /** Left out at every third attempt: what it names may be why the CA refuses. */
  #replaces(): string | null {
    const { certificate, ask } = this.#of;
    const acme = certificate?.data.acme;
    if (certificate === null || acme === undefined || ask.server === "probe" || acme.ca !== ask.directoryUrl) return null;
    const { attempt, ari, last_problem: last } = this.progress;
    if (attempt % 3 === 2 || ari === null || last?.type === ALREADY_REPLACED) return null;
    return certId(certificate.data.chain);
  }

  /** What the CA counts of an order that came to nothing. */
  async #refused(error: unknown, account: string): Promise<void> {
    const { ledger } = this.#deps;
    const { order } = this.progress;
    const entry = this.entry(account);
    if (this.stage === "validation" && error instanceof AcmeProblem && error.answerStatus < 500) {
      const named = error.subproblems.flatMap(({ domain }) => (domain === null ? [] : [domain]));
      await ledger.failedValidation(entry, named.length > 0 ? named : entry.domains);
    }
    if (order !== null && !canGoOn(error, this.stage)) await ledger.notIssued({ ...entry, id: order.entry });
  }

  #fits({ ca, staging, domains, began_at }: OrderUnderWay): boolean {
    const { request, ask } = this.#of;
    const isYoung = this.#deps.clock.now() - began_at < ORDER_LIFE;
    return isYoung && ca === ask.directoryUrl && staging === isStaging(ask) && sameNames(domains, request.data.domains);
  }

  /** What came of it is there already, but whoever stored it died before it could say so: it would be downloaded again instead of a new one. */
  #isStored({ key }: OrderUnderWay): boolean {
    const { request, certificate } = this.#of;
    if (certificate === null) return false;
    const ours = createPrivateKey(this.#deps.vault.open(key, orderKeyPlace(request.name)));
    return new X509Certificate(certificate.data.chain).checkPrivateKey(ours);
  }

  async #validate(client: AcmeClient, order: AcmeOrder): Promise<AcmeOrder> {
    const { request, signal } = this.#of;
    const { clock, validation } = this.#deps;
    const deadline = clock.now() + VALIDATION_LIMIT;
    const way = { client, order, wanted: request.data.challenge, attempt: this.progress.attempt, deadline };
    await this.#step("challenge", () => validation.present(way, signal));
    try {
      await this.#step("validation", () => validation.validate(way, signal));
    } finally {
      await validation.clean(way);
    }
    return await client.settled("order", order.url, { until: ["ready", "processing", "valid"], deadline }, signal);
  }

  async #issue(client: AcmeClient, ready: AcmeOrder): Promise<CheckedCertificate> {
    const { request, signal } = this.#of;
    const { clock, vault } = this.#deps;
    const under = this.progress.order;
    if (under === null) throw new Error("an order is finalised that was not noted down");
    const key = vault.open(under.key, orderKeyPlace(request.name));
    const issued = await this.#step("finalize", async () => {
      const csr = await newCsr(createPrivateKey(key), request.data.domains);
      const asked = ready.status === "ready" ? await client.finalize(ready, csr, signal) : ready;
      return await client.settled("order", asked.url, { until: ["valid"], deadline: clock.now() + ISSUE_LIMIT }, signal);
    });
    return await this.#step("download", async () => {
      const chain = await client.download(issued.certificate ?? "", request.data.preferred_chain, signal);
      return this.#checked(chain, key);
    });
  }

  /** A CA may answer with anything; only what will serve these names replaces what is there. */
  #checked(chain: string, key: string): CheckedCertificate {
    const checked = checkUploaded({ chain, key }, this.#deps.clock.now());
    const { domains } = this.#of.request.data;
    if (sameNames(checked.domains, domains)) return checked;
    throw new GatewayError("INVALID_CERTIFICATE", `The CA issued for ${checked.domains.join(", ")}, and not for ${domains.join(", ")}.`);
  }
}

export function isStaging({ server }: Ask): boolean {
  return server !== "production";
}

// Private

/** An order the CA does not know any more is as good as none; that it cannot be asked is another matter. */
function forgotten(error: unknown): null {
  if (error instanceof AcmeProblem && error.answerStatus === 404) return null;
  throw error;
}
