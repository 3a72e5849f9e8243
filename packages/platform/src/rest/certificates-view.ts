/** Certificates as this interface shows them. */
import { versionOf, type CertificateExplanation, type CertificateView } from "@tidegate/gateway";
import type { FastifyReply } from "fastify";
import type {
  CertificateAnswer,
  CertificateExplanationAnswer,
  CertificateProgress,
  CertificateRow,
  CertificateStatusAnswer,
  CertificateWish,
} from "../contract.ts";
import { etag } from "./services-done.ts";

export const PATH = "/api/v1/certificates";

/** With its version as ETag. */
export function answered(reply: FastifyReply, view: CertificateView): CertificateAnswer {
  etag(reply, { version: versionOf(view) });
  return { ...certificateRow(view), fullchain_pem: view.certificate?.data.chain ?? null };
}

export function certificateRow(view: CertificateView): CertificateRow {
  const { request, certificate, name } = view;
  const wanted = request?.data ?? null;
  const there = certificate?.data ?? null;
  const { created_at, updated_at } = request ?? certificate ?? { created_at: 0, updated_at: 0 };
  return {
    cert_name: name,
    domains: there?.domains ?? wanted?.domains ?? [],
    ...progressOf(view),
    issued_at: there?.not_before ?? null,
    expires_at: there?.not_after ?? null,
    subject: there?.subject ?? null,
    issuer: there?.issuer ?? null,
    fingerprint: there === null ? null : `sha256:${there.fingerprint}`,
    serial: there?.serial ?? null,
    key_type: there?.key_type ?? null,
    origin: there?.origin ?? "acme",
    staging: there === null ? wanted?.staging === true : there.acme?.staging === true,
    email: wanted?.email ?? null,
    acme_directory_url: there?.acme?.ca ?? wanted?.directory_url ?? null,
    request: wanted === null ? null : wishOf(wanted),
    owner: ownerOf(view),
    version: versionOf(view),
    created_at,
    updated_at,
  };
}

export function statusAnswer(view: CertificateView): CertificateStatusAnswer {
  const progress = progressOf(view);
  const expires_at = view.certificate?.data.not_after ?? null;
  return { cert_name: view.name, ...progress, ...generationOf(view), expires_at };
}

export function explanationAnswer(name: string, { trace, ...explanation }: CertificateExplanation): CertificateExplanationAnswer {
  return { cert_name: name, ...explanation, trace_id: trace };
}

export function ownerOf({ request, certificate }: CertificateView): string {
  return request?.data.owner ?? certificate?.data.owner ?? "";
}

// Private

function progressOf({ status, progress, next_attempt_at }: CertificateView): CertificateProgress {
  const { working, stage, attempt, began_at, ended_at, last_problem, trace } = progress;
  return {
    status,
    stage: working ? stage : null,
    attempts: attempt,
    began_at,
    ended_at,
    next_attempt_at,
    last_problem,
    trace_id: trace,
  };
}

function wishOf({ owner: _owner, ...wish }: CertificateWish & { readonly owner: string }): CertificateWish {
  return wish;
}

function generationOf({ name, status, progress }: CertificateView): Pick<CertificateStatusAnswer, "generation" | "message"> {
  const stage = progress.stage === null ? "" : `: ${progress.stage}`;
  switch (status) {
    case "pending":
      return { generation: "in_progress", message: `${name} is to be obtained.` };
    case "issuing":
    case "renewing":
      return { generation: "in_progress", message: `${name} is being obtained${stage}.` };
    case "active":
      return { generation: "completed", message: `${name} is good.` };
    case "failed":
    case "renewal_failed":
      return { generation: "failed", message: progress.last_problem?.detail ?? `${name} was not obtained.` };
    case "expired":
      return { generation: "failed", message: `${name} has expired.` };
  }
}
