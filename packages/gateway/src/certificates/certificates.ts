/**
 * Certificates, for people and programs: asked for, uploaded, shown, renewed, converted, revoked, removed. What is asked for is a request in the store; the
 * keepers of all instances see it and do the rest. Keys are sealed before they reach Redis and are never shown.
 */
import { X509Certificate } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { Entities, Table } from "../store/entities.ts";
import type { Entity } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import { Accounts } from "./accounts.ts";
import type { AcmeSettings } from "./authority.ts";
import { checkRequest, type RequestFields } from "./check-request.ts";
import type { UploadedCertificate } from "./check-uploaded.ts";
import type { Clock } from "./clock.ts";
import type { Ledger } from "./orders/ledger.ts";
import type { ProgressBook } from "./orders/progress-book.ts";
import { FRESH, type Progress } from "./orders/progress.ts";
import type { Finding, Preflight } from "./preflight/preflight.ts";
import { changedMeanwhile, checkName, nameAfter, notDue, notRequested, taken, unknownCertificate } from "./refusals.ts";
import { due, issuedOf, waitsFor } from "./renewal/due.ts";
import { explainCertificate, type CertificateExplanation } from "./renewal/explain.ts";
import { nextAsk } from "./renewal/ladder.ts";
import type { CertificateRequest } from "./request-spec.ts";
import type { CertificateData } from "./spec.ts";
import { Uploads, type CertificateActor } from "./uploads.ts";
import { isSettled, shown, statusOf, type CertificateView } from "./view.ts";

export interface CertificatesDeps {
  readonly entities: Entities;
  readonly vault: Vault;
  readonly book: ProgressBook;
  readonly ledger: Ledger;
  readonly accounts: Accounts;
  readonly preflight: Preflight;
  readonly settings: AcmeSettings;
  readonly clock: Clock;
  /** Milliseconds between two looks at everything. */
  readonly interval: number;
}

/** Milliseconds. */
const PREFLIGHT_LIMIT = 90_000;
/** Milliseconds between two looks while somebody waits. */
const LOOK = 250;

export class Certificates {
  readonly #deps: CertificatesDeps;
  readonly #uploads: Uploads;
  readonly #requests: Table<CertificateRequest>;
  readonly #certificates: Table<CertificateData>;

  constructor(deps: CertificatesDeps) {
    this.#deps = deps;
    this.#uploads = new Uploads(deps.entities, deps.vault);
    this.#requests = deps.entities.table<CertificateRequest>("certificate_request");
    this.#certificates = deps.entities.table<CertificateData>("certificate");
  }

  /**
   * Asks for one; it is ordered at once, by whichever instance is free. `name` null: after its first domain. INVALID_CERTIFICATE_REQUEST, NAME_TAKEN,
   * and unless skipped PREFLIGHT_FAILED: then nothing was ordered.
   */
  async request(
    name: string | null,
    fields: RequestFields,
    { by, owner }: CertificateActor,
    options: { readonly preflight?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<CertificateView> {
    const request = { ...checkRequest(fields, this.#deps.settings), owner };
    const called = name === null ? nameAfter(request.domains[0] ?? "") : checkName(name);
    if ((await this.#certificates.get(called)) !== null) throw taken(called);
    if ((await this.#requests.get(called)) !== null) throw taken(called);
    if (options.preflight !== false) await this.#demandReady(request, options.signal);
    await this.#requests.create(called, request, by);
    return await this.show(called);
  }

  /** `name` null: after its first domain. INVALID_CERTIFICATE, INVALID_NAME, NAME_TAKEN. */
  async upload(name: string | null, uploaded: UploadedCertificate, actor: CertificateActor): Promise<CertificateView> {
    return await this.show((await this.#uploads.add(name, uploaded, actor)).name);
  }

  /** One that was uploaded, by another: for the next handshakes. UNKNOWN_ENTITY, VERSION_CONFLICT, CERTIFICATE_STATE. */
  async replace(name: string, uploaded: UploadedCertificate, by: string, version?: number): Promise<CertificateView> {
    return await this.show((await this.#uploads.replace(name, uploaded, by, version)).name);
  }

  /** Other names, another challenge, another CA: what changes the certificate has it ordered anew; the one there is serves until then. */
  async change(name: string, fields: RequestFields, by: string, version?: number): Promise<CertificateView> {
    const before = await this.#requested(name, version);
    const data = { ...checkRequest({ ...before.data, ...fields }, this.#deps.settings), owner: before.data.owner };
    await this.#requests.put(before, data, by);
    return await this.show(name);
  }

  /** INVALID_CERTIFICATE_REQUEST where `request` would refuse these fields whatever there is already. */
  check(fields: RequestFields): void {
    checkRequest(fields, this.#deps.settings);
  }

  /** What would stand in the way of an order, name by name; nothing is ordered. */
  async preflight(fields: RequestFields, signal: AbortSignal): Promise<Finding[]> {
    return await this.#deps.preflight.check(checkRequest(fields, this.#deps.settings), signal);
  }

  /** In order of names. */
  async list(): Promise<CertificateView[]> {
    const [requests, certificates, progress] = await Promise.all([this.#requests.list(), this.#certificates.list(), this.#deps.book.all()]);
    const wanted = new Map(requests.map((request) => [request.name, request]));
    const there = new Map(certificates.map((certificate) => [certificate.name, certificate]));
    const names = [...new Set([...wanted.keys(), ...there.keys()])].toSorted();
    return names.map((name) => this.#view(name, wanted.get(name) ?? null, there.get(name) ?? null, progress.get(name)));
  }

  /** UNKNOWN_ENTITY. */
  async show(name: string): Promise<CertificateView> {
    const [request, certificate, progress] = await Promise.all([
      this.#requests.get(name),
      this.#certificates.get(name),
      this.#deps.book.get(name),
    ]);
    if (request === null && certificate === null) throw unknownCertificate(name);
    return this.#view(name, request, certificate, progress);
  }

  /** As soon as nothing is under way any more, or after `limit` ms as it is then. */
  async wait(name: string, limit: number, signal: AbortSignal): Promise<CertificateView> {
    const end = this.#deps.clock.now() + limit;
    for (;;) {
      const view = await this.show(name);
      if (isSettled(view) || this.#deps.clock.now() >= end || signal.aborted) return view;
      await this.#deps.clock.sleep(LOOK, signal);
    }
  }

  /** Orders it anew if it is time, with `force` whenever. CERTIFICATE_NOT_DUE says when it is. */
  async renew(name: string, by: string, { force = false, version }: { force?: boolean; version?: number } = {}): Promise<CertificateView> {
    const before = await this.#requested(name, version);
    const { chosen, state } = await this.explain(name);
    const now = this.#deps.clock.now();
    if (!force && state === "valid" && chosen !== null && chosen.at > now) throw notDue(name, chosen.at);
    await this.#requests.put(before, { ...before.data, renew_asked_at: now }, by);
    return await this.show(name);
  }

  /** From the CA's staging server to production, with all its names; the staging certificate serves until the other one is there. */
  async convert(name: string, by: string, version?: number): Promise<CertificateView> {
    const before = await this.#requested(name, version);
    if (!before.data.staging) throw new GatewayError("CERTIFICATE_STATE", `${name} is of production already.`);
    await this.#requests.put(before, { ...before.data, staging: false, renew_asked_at: this.#deps.clock.now() }, by);
    return await this.show(name);
  }

  /** Tells the CA that it must not be trusted any more (`reason`: RFC 5280 §5.3.1), and orders another with a new key. */
  async revoke(name: string, reason: number, by: string, signal: AbortSignal): Promise<CertificateView> {
    const certificate = await this.#certificates.get(name);
    const acme = certificate?.data.acme;
    if (certificate === null || acme === undefined) throw new GatewayError("CERTIFICATE_STATE", `${name} was not issued by a CA for us.`);
    const { settings, accounts, clock } = this.#deps;
    const authority = settings.authorities.find((one) => one.directoryUrl === acme.ca || one.stagingUrl === acme.ca);
    const client = await accounts.client({ directoryUrl: acme.ca, email: acme.email, eab: authority?.eab ?? null }, signal);
    await client.revoke(new X509Certificate(certificate.data.chain).raw, reason, signal);
    const request = await this.#requests.get(name);
    if (request !== null) await this.#requests.put(request, { ...request.data, renew_asked_at: clock.now() }, by);
    return await this.show(name);
  }

  /** The request, the certificate, and what is under way. Targets that name it fall back to whichever fits. UNKNOWN_ENTITY, VERSION_CONFLICT. */
  async remove(name: string, by: string, version?: number): Promise<void> {
    const [request, certificate] = await Promise.all([this.#requests.get(name), this.#certificates.get(name)]);
    if (request === null && certificate === null) throw unknownCertificate(name);
    const of = request ?? certificate;
    if (version !== undefined && of?.version !== version) throw changedMeanwhile(name, of?.version ?? 0, version);
    const domains = (certificate?.data.domains ?? request?.data.domains ?? []).join(",");
    const event = { type: "certificate_deleted", data: { certificate: name, domains } } as const;
    await this.#deps.entities.change(
      [request, certificate].flatMap((one) =>
        one === null ? [] : [{ kind: one.kind, name, expect: one.version, data: null, events: one === of ? [event] : [] }],
      ),
      by,
    );
  }

  /** Why it is as it is, and what comes next. */
  async explain(name: string): Promise<CertificateExplanation> {
    const [request, certificate, progress] = await Promise.all([
      this.#requests.get(name),
      this.#certificates.get(name),
      this.#deps.book.get(name),
    ]);
    if (request === null && certificate === null) throw unknownCertificate(name);
    const { settings, clock, interval } = this.#deps;
    return explainCertificate({
      name,
      now: clock.now(),
      request: request?.data ?? null,
      certificate: certificate === null ? null : issuedOf(certificate),
      progress: request === null ? progress : { ...progress, next_at: waitsFor(request, progress) },
      authorities: settings.authorities,
      budget: request === null ? [] : await this.#budget(request.data, progress),
      interval,
    });
  }

  // Private

  #view(
    name: string,
    request: Entity<CertificateRequest> | null,
    certificate: Entity<CertificateData> | null,
    progress: Progress = FRESH,
  ): CertificateView {
    const seen = certificate === null ? null : shown(certificate);
    const { clock, interval } = this.#deps;
    const now = clock.now();
    const next_attempt_at = request === null || progress.working ? null : due({ request, certificate, progress }, now, interval).order_at;
    return { name, status: statusOf({ request, certificate: seen, progress }, now), request, certificate: seen, progress, next_attempt_at };
  }

  async #budget(request: CertificateRequest, progress: Progress): Promise<CertificateExplanation["budget"]> {
    const { settings, ledger } = this.#deps;
    const ask = nextAsk({ authorities: settings.authorities, request, progress });
    if (ask === null) return [];
    const account = Accounts.idOf({ directoryUrl: ask.directoryUrl, email: request.email, eab: ask.authority.eab });
    const { directoryUrl, server } = ask;
    return await ledger.left({ directoryUrl, staging: server !== "production", account, domains: request.domains, replaces: false });
  }

  async #requested(name: string, version?: number): Promise<Entity<CertificateRequest>> {
    const found = await this.#requests.get(name);
    if (found === null) {
      if ((await this.#certificates.get(name)) === null) throw unknownCertificate(name);
      throw notRequested(name);
    }
    if (version !== undefined && version !== found.version) throw changedMeanwhile(name, found.version, version);
    return found;
  }

  async #demandReady(request: CertificateRequest, signal: AbortSignal = AbortSignal.timeout(PREFLIGHT_LIMIT)): Promise<void> {
    const all = await this.#deps.preflight.check(request, signal).catch(tooSlow);
    const findings = all.filter(({ ok, severity }) => !ok && severity === "error");
    const [first] = findings;
    if (first === undefined) return;
    const more = findings.length === 1 ? "" : ` (and ${findings.length - 1} more: see the preflight)`;
    throw new GatewayError("PREFLIGHT_FAILED", `${first.message}${more}`, first.hint === undefined ? {} : { hint: first.hint });
  }
}

// Private

function tooSlow(error: unknown): never {
  if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
  throw new GatewayError("PREFLIGHT_FAILED", `The names could not be looked at in ${PREFLIGHT_LIMIT / 1_000} seconds.`, {
    hint: "Ask for fewer names at once, or see whether the DNS server of this machine answers.",
  });
}
