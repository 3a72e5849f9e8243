/** What a CA answers with (RFC 8555 §7.1, RFC 9773), read field by field: whatever is missing or of another kind is ACME_INVALID_ANSWER. */
import { invalidAnswer } from "./answer-error.ts";
import { Fields } from "./fields.ts";
import { speakable, type AcmeProblem } from "./problem.ts";
import type { Answer } from "./transport.ts";

export interface AcmeDirectory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string;
  readonly keyChange: string | null;
  /** Null: the CA has no RFC 9773. */
  readonly renewalInfo: string | null;
  readonly meta: DirectoryMeta;
}

export interface DirectoryMeta {
  readonly termsOfService: string | null;
  readonly externalAccountRequired: boolean;
  /** Names with a line about each; null: the CA has none. */
  readonly profiles: Readonly<Record<string, string>> | null;
  /** Names of the CA in CAA records; empty: it does not say. */
  readonly caaIdentities: readonly string[];
}

const ORDER_STATUSES = ["pending", "ready", "processing", "valid", "invalid"] as const;
const AUTHORIZATION_STATUSES = ["pending", "valid", "invalid", "deactivated", "expired", "revoked"] as const;
const CHALLENGE_STATUSES = ["pending", "processing", "valid", "invalid"] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];
export type AuthorizationStatus = (typeof AUTHORIZATION_STATUSES)[number];

export interface AcmeOrder {
  readonly url: string;
  readonly status: OrderStatus;
  /** Unix ms; null: it does not say. */
  readonly expires: number | null;
  /** Names, with `*.` of wildcards. */
  readonly identifiers: readonly string[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  /** To `download`, once valid. */
  readonly certificate: string | null;
  readonly error: AcmeProblem | null;
}

export interface AcmeChallenge {
  readonly type: string;
  readonly url: string;
  readonly token: string;
  readonly status: (typeof CHALLENGE_STATUSES)[number];
  readonly error: AcmeProblem | null;
}

export interface AcmeAuthorization {
  readonly url: string;
  readonly status: AuthorizationStatus;
  /** Without `*.`. */
  readonly domain: string;
  readonly wildcard: boolean;
  readonly challenges: readonly AcmeChallenge[];
  readonly expires: number | null;
}

export interface SuggestedWindow {
  /** Unix ms. */
  readonly start: number;
  readonly end: number;
  readonly explanationUrl: string | null;
}

/** RFC 8555 §8.1: base64url of 128 bits or more. It becomes part of a path and of a key. */
const TOKEN = /^[\w-]{16,256}$/;

export function directoryOf(answer: Answer): AcmeDirectory {
  const fields = new Fields(answer);
  const meta = fields.record("meta");
  return {
    newNonce: fields.link("newNonce"),
    newAccount: fields.link("newAccount"),
    newOrder: fields.link("newOrder"),
    revokeCert: fields.link("revokeCert"),
    keyChange: fields.has("keyChange") ? fields.link("keyChange") : null,
    renewalInfo: fields.has("renewalInfo") ? fields.link("renewalInfo") : null,
    meta: {
      termsOfService: meta.has("termsOfService") ? meta.text("termsOfService") : null,
      externalAccountRequired: meta.value("externalAccountRequired") === true,
      profiles: meta.has("profiles") ? meta.record("profiles").texts() : null,
      caaIdentities: meta.has("caaIdentities") ? meta.list("caaIdentities").filter((name) => typeof name === "string") : [],
    },
  };
}

export function orderOf(answer: Answer, url: string): AcmeOrder {
  const fields = new Fields(answer);
  return {
    url,
    status: fields.oneOf("status", ORDER_STATUSES),
    expires: fields.has("expires") ? fields.time("expires") : null,
    identifiers: fields.records("identifiers").map((one) => one.text("value")),
    authorizations: fields.links("authorizations"),
    finalize: fields.link("finalize"),
    certificate: fields.has("certificate") ? fields.link("certificate") : null,
    error: fields.problem("error"),
  };
}

export function authorizationOf(answer: Answer, url: string): AcmeAuthorization {
  const fields = new Fields(answer);
  const domain = fields.record("identifier").text("value");
  return {
    url,
    status: fields.oneOf("status", AUTHORIZATION_STATUSES),
    domain,
    wildcard: fields.value("wildcard") === true,
    challenges: fields.records("challenges").flatMap((one) => challengeOf(one, domain)),
    expires: fields.has("expires") ? fields.time("expires") : null,
  };
}

export function windowOf(answer: Answer): SuggestedWindow {
  const fields = new Fields(answer);
  const window = fields.record("suggestedWindow");
  const [start, end] = [window.time("start"), window.time("end")];
  if (end <= start) throw invalidAnswer(answer.url, "suggests a window for renewal that ends before it starts (RFC 9773 §4.2).");
  const explanation = speakable(fields.value("explanationURL"), 2_000);
  return { start, end, explanationUrl: /^https?:\/\//.test(explanation) ? explanation : null };
}

// Private

/** A kind of challenge that has no token is one we do not know, and cannot answer. */
function challengeOf(fields: Fields, domain: string): AcmeChallenge[] {
  if (!fields.has("token")) return [];
  const token = fields.text("token");
  if (!TOKEN.test(token)) throw fields.wrong("token", "no base64url of 128 bits or more");
  const error = fields.problem("error", domain);
  return [{ type: fields.text("type"), url: fields.link("url"), token, status: fields.oneOf("status", CHALLENGE_STATUSES), error }];
}
