/** When a certificate needs somebody to look after it: to be ordered, or to have its CA asked for renewal information. Pure. */
import type { Entity } from "../../store/entity.ts";
import type { Progress } from "../orders/progress.ts";
import type { CertificateRequest } from "../request-spec.ts";
import type { CertificateData } from "../spec.ts";
import { expiryStep } from "./expiring.ts";
import { renewal, type IssuedCertificate, type Renewal } from "./when.ts";

/** One name as it stands. */
export interface Kept {
  readonly request: Entity<CertificateRequest>;
  readonly certificate: Entity<CertificateData> | null;
  readonly progress: Progress;
}

export interface Due extends Renewal {
  /** When it is ordered: not before the CA, our ledger or the ladder of failures allow. Unix ms. */
  readonly order_at: number;
  /** When somebody has to look at it, for whatever reason. Unix ms. */
  readonly look_at: number;
}

export function due({ request, certificate, progress }: Kept, now: number, interval: number): Due {
  const issued = certificate === null ? null : issuedOf(certificate);
  const plan = renewal({ now, request: request.data, certificate: issued, ari: progress.ari, interval });
  const order_at = Math.max(plan.at, waitsFor(request, progress));
  const untold = issued !== null && expiryStep(now, issued, progress.told) !== null;
  return { ...plan, order_at, look_at: untold || progress.working ? now : Math.min(order_at, ariAt(certificate, progress, now)) };
}

export function issuedOf({ updated_at, data }: Entity<CertificateData>): IssuedCertificate {
  const { domains, not_before, not_after, fingerprint, acme } = data;
  return { domains, not_before, not_after, fingerprint, issued_at: acme?.issued_at ?? updated_at };
}

/** Unix ms; Infinity: its CA does not say when. */
export function ariAt(certificate: Entity<CertificateData> | null, { ari_again_at: again }: Progress, now: number): number {
  const acme = certificate?.data.acme;
  return acme === undefined || acme.staging ? Infinity : (again ?? now);
}

/** Unix ms; 0: nothing. Who changed the request since wants to see what becomes of it, and not to wait for the next rung; what the CA said counts all the same. */
export function waitsFor({ updated_at }: Entity<CertificateRequest>, { next_at, ended_at, last_problem }: Progress): number {
  const changed = ended_at !== null && updated_at > ended_at;
  return (changed ? last_problem?.not_before : next_at) ?? 0;
}
