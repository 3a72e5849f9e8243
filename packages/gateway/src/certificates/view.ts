/** How a certificate is shown: what is wanted, what there is, how far it is, and one word for all of it. Pure. */
import type { Entity } from "../store/entity.ts";
import type { Progress } from "./orders/progress.ts";
import type { CertificateRequest } from "./request-spec.ts";
import type { CertificateData } from "./spec.ts";

/** `pending`: nothing was tried yet; `failed`: the last attempt failed and there is none; `renewing` and `renewal_failed`: the one there is serves on. */
export type CertificateStatus = "pending" | "issuing" | "active" | "renewing" | "renewal_failed" | "failed" | "expired";

/** Without its key. */
export type ShownCertificate = Omit<Entity<Omit<CertificateData, "key">>, "kind">;

/** What is known of a name. */
export type Standing = Pick<CertificateView, "request" | "certificate" | "progress">;

/** A name with what is wanted, what there is, and how far it is. */
export interface CertificateView {
  readonly name: string;
  readonly status: CertificateStatus;
  /** Null: it was uploaded. */
  readonly request: Entity<CertificateRequest> | null;
  /** Null: there is none yet. */
  readonly certificate: ShownCertificate | null;
  readonly progress: Progress;
  /** When it is ordered next, as things are; null: it is being ordered, or nobody will. Unix ms. */
  readonly next_attempt_at: number | null;
}

/** What a change must name that is to count only over what was seen. */
export function versionOf({ request, certificate }: Pick<CertificateView, "request" | "certificate">): number {
  return request?.version ?? certificate?.version ?? 0;
}

/** Without its key. */
export function shown({ name, version, created_at, updated_at, by, data }: Entity<CertificateData>): ShownCertificate {
  const { key: _sealed, ...rest } = data;
  return { name, version, created_at, updated_at, by, data: rest };
}

export function statusOf({ request, certificate, progress }: Standing, now: number): CertificateStatus {
  if (certificate === null) return progress.working ? "issuing" : progress.attempt > 0 ? "failed" : "pending";
  if (certificate.data.not_after < now) return "expired";
  if (request === null) return "active";
  if (progress.working) return "renewing";
  return progress.attempt > 0 ? "renewal_failed" : "active";
}

/** Nothing is under way, and nothing was asked for that was not tried yet. */
export function isSettled({ status, request, certificate, progress }: CertificateView): boolean {
  if (status === "pending" || progress.working) return false;
  if (request === null) return true;
  const { renew_asked_at: asked, domains } = request.data;
  const tried = progress.attempt > 0 && (progress.began_at ?? 0) >= (asked ?? 0) && (progress.ended_at ?? 0) >= request.updated_at;
  const wanted = asked !== null || certificate === null || domains.toSorted().join() !== certificate.data.domains.toSorted().join();
  return !wanted || tried;
}
