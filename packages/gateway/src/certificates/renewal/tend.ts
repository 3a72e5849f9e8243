/**
 * Looks after one certificate, under its lease: what is read before the lease is only a hint, so everything is read again. Asks the CA when it wants a renewal,
 * tells that the end is near, and orders where it is time. The certificate there is serves until the new one is whole and in the store.
 */
import type { Tide } from "@tidegate/streams";
import { GatewayError } from "../../errors.ts";
import type { Entities } from "../../store/entities.ts";
import type { EntityEvent, Guard } from "../../store/entity.ts";
import { HeldLease } from "../../store/held-lease.ts";
import type { Vault } from "../../store/vault.ts";
import type { Accounts } from "../accounts.ts";
import type { AcmeSettings } from "../authority.ts";
import type { Clock } from "../clock.ts";
import { Attempt, isStaging, type AttemptDeps, type Issued } from "../orders/attempt.ts";
import { afterFailure, afterInterruption, afterProbe, afterSuccess, failed, issued, purposeOf, started } from "../orders/outcome.ts";
import type { ProgressBook } from "../orders/progress-book.ts";
import type { Progress } from "../orders/progress.ts";
import type { CertificateRequest } from "../request-spec.ts";
import { keyPlace, type CertificateData } from "../spec.ts";
import { ariAt, due, issuedOf, type Kept } from "./due.ts";
import { expiryStep } from "./expiring.ts";
import { nextAsk, type Ask } from "./ladder.ts";
import { askForWindow } from "./window.ts";

export interface TendDeps {
  readonly tide: () => Tide;
  readonly entities: Entities;
  readonly vault: Vault;
  readonly book: ProgressBook;
  readonly accounts: Accounts;
  readonly attempts: AttemptDeps;
  readonly settings: AcmeSettings;
  readonly clock: Clock;
  readonly instance: string;
  /** Milliseconds between two looks at everything. */
  readonly interval: number;
  readonly random: () => number;
}

const COMPONENT = "certificates";

export class Tend {
  readonly #deps: TendDeps;
  readonly #lease: HeldLease;
  readonly #guard: Guard;
  readonly #stop: AbortSignal;
  #kept: Kept;

  constructor(deps: TendDeps, lease: HeldLease, guard: Guard, kept: Kept, stop: AbortSignal) {
    this.#deps = deps;
    this.#lease = lease;
    this.#guard = guard;
    this.#kept = kept;
    this.#stop = AbortSignal.any([stop, lease.signal]);
  }

  async run(): Promise<void> {
    const { clock, interval } = this.#deps;
    if (this.#kept.progress.working) await this.#note(afterInterruption(this.#kept.progress, clock.now()));
    await this.#askForWindow();
    await this.#warn();
    while (!this.#stop.aborted && due(this.#kept, clock.now(), interval).order_at <= clock.now()) {
      if (!(await this.#order())) return;
    }
  }

  // Private

  async #askForWindow(): Promise<void> {
    const { certificate, progress } = this.#kept;
    const { clock, accounts, random } = this.#deps;
    const now = clock.now();
    if (certificate === null || ariAt(certificate, progress, now) > now) return;
    const asked = await askForWindow({ certificate, progress, accounts, now, random, signal: this.#stop });
    if (asked.moved) this.#tellMoved(asked.progress);
    await this.#note(asked.progress);
  }

  #tellMoved({ ari }: Progress): void {
    if (ari === null) return;
    const { name } = this.#kept.request;
    const window = `${new Date(ari.start).toISOString()} to ${new Date(ari.end).toISOString()}`;
    const why = ari.explanation_url === null ? "" : ` It says why at ${ari.explanation_url}`;
    const logger = this.#deps.tide().logger(COMPONENT);
    logger.warn(`The CA wants ${name} renewed at another time: ${window}.${why}`, { certificate: name });
  }

  async #warn(): Promise<void> {
    const { certificate, progress } = this.#kept;
    if (certificate === null) return;
    const step = expiryStep(this.#deps.clock.now(), issuedOf(certificate), progress.told);
    if (step === null) return;
    const { told, days_remaining, expires_at } = step;
    const data = { certificate: certificate.name, domains: certificate.data.domains.join(","), days_remaining, expires_at };
    await this.#note({ ...progress, told });
    this.#deps.tide().event("certificate_expiring_soon", data, { component: COMPONENT });
  }

  /** True: something else may be due at once. */
  async #order(): Promise<boolean> {
    const { request, progress } = this.#kept;
    const ask = nextAsk({ authorities: this.#deps.settings.authorities, request: request.data, progress });
    const attributes = {
      certificate: request.name,
      domains: request.data.domains.join(","),
      ...(ask === null ? {} : { ca: ask.directoryUrl }),
    };
    return await this.#deps.tide().trace("certificate.attempt", attributes, async (span) => {
      span.announce();
      await this.#begin(span.traceId);
      if (ask === null) return await this.#failed(noStaging(), null, null, (error) => span.fail(error));
      const { request, certificate } = this.#kept;
      const of = { request, certificate, ask, guard: this.#guard, signal: this.#stop };
      const attempt = new Attempt(this.#deps.attempts, of, this.#kept.progress);
      try {
        return await this.#arrived(ask, await attempt.run(), attempt);
      } catch (error) {
        return await this.#failed(error, ask, attempt, (cause) => span.fail(cause));
      }
    });
  }

  async #begin(trace: string): Promise<void> {
    const { request, certificate, progress } = this.#kept;
    const { clock, instance } = this.#deps;
    await this.#note({ ...progress, working: true, began_at: clock.now(), instance, trace });
    this.#tell(started(purposeOf(request.data, certificate?.data ?? null), request.name, request.data.domains));
  }

  async #arrived(ask: Ask, { checked, email }: Issued, attempt: Attempt): Promise<boolean> {
    const now = this.#deps.clock.now();
    if (ask.server === "probe") {
      await this.#note(afterProbe(attempt.progress, now));
      return true;
    }
    await attempt.note({ stage: "store" });
    attempt.stage = "store";
    const { request, certificate } = this.#kept;
    const { vault, entities } = this.#deps;
    const acme = { ca: ask.directoryUrl, staging: isStaging(ask), email, fence: this.#guard.fence, issued_at: now };
    const key = vault.seal(checked.key, keyPlace(request.name));
    const data: CertificateData = { ...checked, key, origin: "acme", owner: request.data.owner, acme };
    const events: EntityEvent[] = [issued(purposeOf(request.data, certificate?.data ?? null), request.name, data)];
    // The request goes along, so that what came of an older one is not stored.
    const wish: CertificateRequest = { ...request.data, renew_asked_at: null };
    await entities.change(
      [
        { kind: "certificate", name: request.name, expect: certificate?.version ?? 0, data, events },
        { kind: "certificate_request", name: request.name, expect: request.version, data: wish, revision: false },
      ],
      "acme",
      this.#guard,
    );
    await this.#deps.book.put(request.name, afterSuccess(attempt.progress, now), this.#guard);
    return false;
  }

  async #failed(error: unknown, ask: Ask | null, attempt: Attempt | null, fail: (error: unknown) => void): Promise<boolean> {
    const { clock, random } = this.#deps;
    const progress = attempt?.progress ?? this.#kept.progress;
    const now = clock.now();
    fail(error);
    if (isLost(error) || this.#lease.signal.aborted)
      this.#tellFailed("its lease was lost while it was worked on; another instance goes on with it");
    else if (this.#stop.aborted) await this.#note(afterInterruption(progress, now));
    // Somebody changed or removed it meanwhile: that is no failure, and the next look sees what it is now.
    else if (isOvertaken(error)) await this.#note({ ...afterInterruption(progress, now), order: null });
    else {
      const after = afterFailure({ progress, error, stage: attempt?.stage ?? "order", ask, now, random: random() });
      await this.#note(after);
      this.#tellFailed(after.last_problem?.detail ?? "");
    }
    return false;
  }

  #tellFailed(why: string): void {
    const { request, certificate } = this.#kept;
    this.#tell(failed(purposeOf(request.data, certificate?.data ?? null), request.name, request.data.domains, why));
  }

  #tell({ type, data }: EntityEvent): void {
    this.#deps.tide().event(type, data, { component: COMPONENT });
  }

  async #note(progress: Progress): Promise<void> {
    await this.#deps.book.put(this.#kept.request.name, progress, this.#guard);
    this.#kept = { ...this.#kept, progress };
  }
}

export function isLost(error: unknown): boolean {
  return error instanceof GatewayError && error.code === "LEASE_LOST";
}

// Private

function isOvertaken(error: unknown): boolean {
  return (
    error instanceof GatewayError && (error.code === "VERSION_CONFLICT" || error.code === "UNKNOWN_ENTITY" || error.code === "NAME_TAKEN")
  );
}

function noStaging(): GatewayError {
  return new GatewayError("INVALID_CERTIFICATE_REQUEST", "None of the CAs that may be asked has a staging server.", {
    hint: "Set ACME_STAGING_URL, or ask for the certificate without staging.",
  });
}
