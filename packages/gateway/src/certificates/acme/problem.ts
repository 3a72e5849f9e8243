/**
 * What a CA says when it refuses (RFC 8555 §6.7), in its own words but without what is secret: a CA quotes tokens and key authorizations in its
 * explanations, and those end up in logs and events.
 */
import { GatewayError } from "../../errors.ts";

export const URN = "urn:ietf:params:acme:error:";

export interface Subproblem {
  readonly domain: string | null;
  readonly type: string;
  readonly detail: string;
}

export interface ProblemFields {
  readonly type: string;
  readonly detail: string;
  readonly subproblems: readonly Subproblem[];
  readonly answerStatus: number;
  readonly notBefore: number | null;
  readonly url: string;
}

const MOST_DETAIL = 1_000;
const MOST_SUBPROBLEMS = 100;
/** What a person can do, by kind of refusal. Others are explained by the CA's words alone. */
const HINTS: Readonly<Record<string, string>> = {
  accountDoesNotExist: "The account was deleted at the CA; a new one is made at the next attempt.",
  badCSR: "The CA does not take this kind of key or these names together; try key_type ec-p256.",
  caa: "A CAA record in DNS names another CA; add one for this CA, or ask the one it names.",
  connection: "The CA could not connect: let port 80 (tls-alpn-01: 443) of every address of the name reach this edge, AAAA records too.",
  dns: "The CA could not resolve the name: see whether its A, AAAA and NS records are right and seen from outside.",
  externalAccountRequired: "This CA wants an account made at its site first: set ACME_EAB_KID and ACME_EAB_HMAC_KEY.",
  incorrectResponse:
    "Something else answered for the name: see where its A and AAAA records point, and whether a CDN or redirect stands before it.",
  invalidContact: "The CA does not take this email address; set another with ACME_EMAIL.",
  rateLimited: "The CA has had too many requests for this name or account; it is asked again when it allows that.",
  rejectedIdentifier: "The CA's policy forbids a certificate for this name.",
  tls: "The CA's handshake failed: let port 443 of every address of the name reach this edge without another TLS server before it.",
  unauthorized:
    "The CA did not get our answer for the name: see where its A and AAAA records (dns-01: its TXT record) point, and whether a CDN stands before it.",
  userActionRequired: "The CA wants something done by hand, as agreeing to new terms; its words name the page.",
};

/** `status` is what our API answers, as in every GatewayError; `answerStatus` is what the CA answered. */
export class AcmeProblem extends GatewayError {
  /** As `urn:ietf:params:acme:error:rateLimited`; `about:blank` where a server failed without saying how. */
  readonly type: string;
  readonly answerStatus: number;
  readonly detail: string;
  readonly subproblems: readonly Subproblem[];
  /** `Retry-After` as Unix ms: not asked again before. */
  readonly notBefore: number | null;
  /** What was asked. */
  readonly url: string;

  constructor({ type, detail, subproblems, answerStatus, notBefore, url }: ProblemFields) {
    const hint = hintFor(type, subproblems);
    super("ACME_PROBLEM", sentence({ type, detail, subproblems, answerStatus, url }), hint === undefined ? {} : { hint });
    this.name = "AcmeProblem";
    this.type = type;
    this.answerStatus = answerStatus;
    this.detail = detail;
    this.subproblems = subproblems;
    this.notBefore = notBefore;
    this.url = url;
  }

  /** By the last part of its type, as `rateLimited`; also when only its subproblems are of it. */
  is(kind: string): boolean {
    return this.type === URN + kind || (this.subproblems.length > 0 && this.subproblems.every(({ type }) => type === URN + kind));
  }
}

export interface Circumstances {
  readonly answerStatus: number;
  readonly notBefore: number | null;
  readonly url: string;
  /** Whom it is about, where the document itself does not say: a challenge's error belongs to its name. */
  readonly domain?: string;
}

/** Null: it is no problem document (RFC 7807). */
export function problemOf(document: unknown, { answerStatus, notBefore, url, domain }: Circumstances): AcmeProblem | null {
  const fields = recordOf(document);
  if (typeof fields?.["type"] !== "string") return null;
  const type = speakable(fields["type"], 200);
  const detail = speakable(fields["detail"] ?? fields["title"]);
  const listed = Array.isArray(fields["subproblems"]) ? fields["subproblems"].slice(0, MOST_SUBPROBLEMS).flatMap(subproblemOf) : [];
  const subproblems = listed.length > 0 || domain === undefined ? listed : [{ domain, type, detail }];
  const own = fields["status"];
  const said = typeof own === "number" && Number.isInteger(own) && own >= 400 && own <= 599 ? own : answerStatus;
  return new AcmeProblem({ type, detail, subproblems, answerStatus: answerStatus >= 400 ? answerStatus : said, notBefore, url });
}

/** On one line, of bounded length, without tokens and key authorizations. */
export function speakable(text: unknown, most: number = MOST_DETAIL): string {
  if (typeof text !== "string") return "";
  const open = text
    // A key authorization ends in a thumbprint of 43 characters; a wrong one, quoted beside it, may have more.
    .replace(/[\w-]{16,}\.[\w-]{43,}/g, "[key authorization]")
    .replace(/(\.well-known\/acme-challenge\/)[\w-]+/g, "$1[token]")
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();
  return open.length > most ? `${open.slice(0, most)}…` : open;
}

// Private

function subproblemOf(item: unknown): Subproblem[] {
  const fields = recordOf(item);
  if (typeof fields?.["type"] !== "string") return [];
  const name = recordOf(fields["identifier"])?.["value"];
  return [
    {
      domain: typeof name === "string" ? speakable(name, 255) : null,
      type: speakable(fields["type"], 200),
      detail: speakable(fields["detail"]),
    },
  ];
}

function sentence({ type, detail, subproblems, answerStatus, url }: Omit<ProblemFields, "notBefore">): string {
  const kind = type.startsWith(URN) ? type.slice(URN.length) : type;
  const named = subproblems.filter((one) => one.domain !== null && one.detail !== detail).map((one) => `${one.domain}: ${one.detail}`);
  const words = [detail, ...named.slice(0, 5)].filter((part) => part !== "").join(" — ");
  const status = answerStatus >= 400 ? `${answerStatus} ` : "";
  return `${hostOf(url)} refused (${status}${kind}): ${words === "" ? "it does not say why" : words}`;
}

function hintFor(type: string, subproblems: readonly Subproblem[]): string | undefined {
  const types = [type, ...subproblems.map((one) => one.type)];
  return types.map((one) => (one.startsWith(URN) ? HINTS[one.slice(URN.length)] : undefined)).find((one) => one !== undefined);
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "The CA";
}

function recordOf(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}
