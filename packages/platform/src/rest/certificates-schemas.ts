/**
 * Requests and answers of certificates. What may be asked of a CA is judged by the gateway, which names the wrong field; the request schemas here only tell
 * people which fields there are.
 */
import { z } from "zod";
import * as contract from "../certificate-contract.ts";

const millis = z.number().describe("Unix milliseconds.");
const any = (words: string): z.ZodType => z.unknown().optional().describe(words);
const flag = z.enum(["true", "false"]).transform((word) => word === "true");
const certName = z.exactOptional(z.string().max(128)).describe("Default: after its first domain.");

export const named = z.object({ name: z.string().min(1).max(128) });

const pems = {
  fullchain_pem: any("To upload one: PEM, the certificate of the host first, each signed by the next."),
  private_key_pem: any("To upload one: PEM; kept encrypted and never shown."),
};
const wishes = {
  domain: any("To have one issued: its only domain."),
  domains: any("To have one issued: 1 to 100 domains; the first is the subject."),
  email: any("Contact of the account at the CA. Default: ACME_EMAIL."),
  staging: any("From the CA's staging server, which browsers do not trust. Default false."),
  challenge: any(`${contract.CHALLENGES.join(", ")}. Default auto.`),
  directory_url: any("Directory of the CA. Default: those of ACME_DIRECTORY_URL, in turn."),
  acme_directory_url: any("The same, as the earlier systems called it. A CA's staging directory means `staging`."),
  key_type: any(`${contract.KEY_TYPES.join(", ")}. Default ec-p256.`),
  preferred_chain: any("CN of the root the chain should end at, where the CA offers several."),
  profile: any("Profile of the CA, as `shortlived`."),
};
const skip = {
  skip_preflight: z.exactOptional(z.boolean()).describe("Ask the CA without looking first whether it can reach the domains."),
};

export const made = z.looseObject({ cert_name: certName, ...wishes, ...skip, ...pems });
export const multiDomain = z.looseObject({ cert_name: certName, ...wishes, ...skip });
export const wish = z.looseObject(wishes);
export const replaced = z.looseObject(pems);
export const forced = z.object({ force: flag.default(false).describe("Also before it is due.") });
export const waiting = z.object({
  wait: flag.default(false).describe("Answer when nothing is under way any more."),
  timeout: z.coerce.number().int().min(1).max(120).default(120).describe("Seconds to wait at most."),
});
const reasons = Object.keys(contract.REVOCATION_REASONS) as (keyof typeof contract.REVOCATION_REASONS)[];
export const revocation = z.object({ reason: z.enum(reasons).default("unspecified") }).default({ reason: "unspecified" });

const problem: z.ZodType<contract.CertificateProblem> = z.object({
  at: millis,
  stage: z.enum(contract.CERTIFICATE_STAGES),
  ca: z.string().nullable().describe("Directory of the CA; null: it did not come so far."),
  code: z.string(),
  type: z.string().nullable().describe("The CA's, as `urn:ietf:params:acme:error:rateLimited`."),
  status: z.number().nullable(),
  detail: z.string(),
  subproblems: z.array(z.object({ domain: z.string().nullable(), type: z.string(), detail: z.string() })),
  not_before: millis.nullable().describe("What the CA asked to wait for."),
});
const progress = {
  status: z.enum(contract.CERTIFICATE_STATUSES),
  stage: z.enum(contract.CERTIFICATE_STAGES).nullable().describe("While a CA is asked."),
  attempts: z.number().describe("Failed since the last success."),
  began_at: millis.nullable(),
  ended_at: millis.nullable(),
  next_attempt_at: millis.nullable().describe("When it is ordered next; null: it is being ordered, or nobody will."),
  last_problem: problem.nullable(),
  trace_id: z.string().nullable().describe("Of the last attempt."),
};
const request: z.ZodType<contract.CertificateWish> = z.object({
  domains: z.array(z.string()),
  email: z.string().nullable(),
  challenge: z.enum(contract.CHALLENGES),
  staging: z.boolean(),
  directory_url: z.string().nullable(),
  key_type: z.enum(contract.KEY_TYPES),
  preferred_chain: z.string().nullable(),
  profile: z.string().nullable(),
  renew_asked_at: millis.nullable(),
});
const listed = {
  ...progress,
  cert_name: z.string(),
  domains: z.array(z.string()).describe("Of the certificate; where there is none, those that are wanted."),
  issued_at: millis.nullable().describe("Null, as all that is of the certificate itself, while there is none."),
  expires_at: millis.nullable(),
  subject: z.string().nullable(),
  issuer: z.string().nullable(),
  fingerprint: z.string().nullable().describe("`sha256:` and hex."),
  serial: z.string().nullable(),
  key_type: z.string().nullable(),
  origin: z.enum(["uploaded", "local", "acme"]),
  staging: z.boolean().describe("Of a staging server, or to be."),
  email: z.string().nullable(),
  acme_directory_url: z.string().nullable().describe("Which CA issued it, or is to; null: one of the configured ones will."),
  request: request.nullable().describe("Null: it was uploaded."),
  owner: z.string(),
  version: z.number(),
  created_at: millis,
  updated_at: millis,
};
export const certificate: z.ZodType<contract.CertificateAnswer> = z.object({ ...listed, fullchain_pem: z.string().nullable() });
export const all: z.ZodType<contract.CertificatesAnswer> = z.object({ items: z.array(z.object(listed)) });

export const status: z.ZodType<contract.CertificateStatusAnswer> = z.object({
  ...progress,
  cert_name: z.string(),
  generation: z.enum(["in_progress", "completed", "failed"]).describe("As the earlier systems called it."),
  message: z.string(),
  expires_at: millis.nullable(),
});

const why = z.enum(contract.RENEWAL_WHYS);
export const explanation: z.ZodType<contract.CertificateExplanationAnswer> = z.object({
  cert_name: z.string(),
  state: z.enum(["waiting", "working", "failing", "due", "valid", "uploaded", "expired"]),
  summary: z.string().describe("One sentence, for a person."),
  window: z.object({ start: millis, end: millis, why }).nullable().describe("When it should be renewed."),
  chosen: z.object({ at: millis, why }).nullable().describe("When it is due, and by which rule; null: never."),
  next_attempt_at: millis.nullable(),
  next_ask: z.object({ directory: z.string(), server: z.enum(["production", "staging", "probe"]), challenge: z.string() }).nullable(),
  last_problem: problem.nullable(),
  attempts: z.number(),
  budget: z
    .array(z.object({ bucket: z.string(), what: z.string(), used: z.number(), limit: z.number(), again_at: millis.nullable() }))
    .describe("What the limits of the CA leave, as counted here."),
  expires_at: millis.nullable(),
  share_left: z.number().nullable().describe("Of its life, 0 to 1."),
  trace_id: z.string().nullable(),
});

export const preflight: z.ZodType<contract.PreflightAnswer> = z.object({
  ready: z.boolean().describe("Nothing stands in the way."),
  findings: z.array(
    z.object({
      domain: z.string(),
      check: z.string(),
      ok: z.boolean(),
      severity: z.enum(["error", "warning"]),
      message: z.string(),
      hint: z.string(),
    }),
  ),
});
