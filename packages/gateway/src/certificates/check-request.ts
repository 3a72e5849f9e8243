/** What somebody wants of a CA, checked before anything is stored: every field, and whether what is configured can do it. INVALID_CERTIFICATE_REQUEST. */
import { GatewayError } from "../errors.ts";
import type { AcmeSettings } from "./authority.ts";
import { checkNames } from "./preflight/names.ts";
import { authoritiesFor } from "./renewal/ladder.ts";
import { CHALLENGES, type CertificateRequest } from "./request-spec.ts";

/** As it comes from a person or program. Only `domains` is needed. */
export type RequestFields = { readonly [field in keyof CertificateRequest]?: unknown };

export function checkRequest(fields: RequestFields, settings: AcmeSettings): CertificateRequest {
  const unknown = Object.keys(fields).find((field) => !Object.hasOwn(FIELDS, field));
  if (unknown !== undefined)
    throw refused(`${JSON.stringify(unknown.slice(0, 60))} is no field`, `There are: ${Object.keys(FIELDS).join(", ")}.`);
  const request: CertificateRequest = {
    domains: checkNames(fields.domains, { ownCa: settings.trusted !== null }),
    email: fields.email === undefined ? settings.email : emailOf(fields.email),
    challenge: oneOf("challenge", fields.challenge ?? "auto", [...CHALLENGES, "auto"]),
    ...serverOf(fields, settings),
    key_type: oneOf("key_type", fields.key_type ?? "ec-p256", ["ec-p256", "ec-p384", "rsa-2048", "rsa-4096"]),
    preferred_chain: textOf("preferred_chain", fields.preferred_chain ?? null, CHAIN, "the CN of a root, up to 200 characters"),
    profile: textOf("profile", fields.profile ?? null, PROFILE, "up to 64 of A-Z a-z 0-9 . _ -"),
    renew_asked_at: momentOf(fields.renew_asked_at ?? null),
    owner: textOf("owner", fields.owner ?? null, CHAIN, "up to 200 characters") ?? "admin",
  };
  checkChallenge(request, settings);
  checkStaging(request, settings);
  return request;
}

// Private

const FIELDS: Record<keyof CertificateRequest, true> = {
  domains: true,
  email: true,
  challenge: true,
  staging: true,
  directory_url: true,
  key_type: true,
  preferred_chain: true,
  profile: true,
  renew_asked_at: true,
  owner: true,
};
/** No control characters: it goes into logs and headers. */
const CHAIN = /^[^\p{Cc}]{1,200}$/u;
const PROFILE = /^[A-Za-z0-9._-]{1,64}$/;
const EMAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,63}$/;
const HOOKS = "Set ACME_DNS_EXEC, ACME_DNS_WEBHOOK or ACME_DNS_RFC2136.";

function checkChallenge({ domains, challenge }: CertificateRequest, { dns }: AcmeSettings): void {
  const wildcard = domains.find((domain) => domain.startsWith("*."));
  if (wildcard !== undefined && challenge !== "auto" && challenge !== "dns-01")
    throw refused(`challenge is ${challenge}, and the wildcard ${wildcard} is only issued by dns-01`, `Choose dns-01 or auto. ${HOOKS}`);
  if (dns !== null) return;
  if (wildcard !== undefined)
    throw refused(`domains has the wildcard ${wildcard}, which needs dns-01, and nothing here writes DNS records`, HOOKS);
  if (challenge === "dns-01") throw refused("challenge is dns-01, and nothing here writes DNS records", `${HOOKS} Or choose http-01.`);
}

function checkStaging(request: CertificateRequest, { authorities }: AcmeSettings): void {
  if (!request.staging || authoritiesFor(request, authorities).some(({ stagingUrl }) => stagingUrl !== null)) return;
  throw refused(
    "staging is wanted, and the CA has no staging server that is known",
    "Set ACME_STAGING_URL, or give its directory as directory_url.",
  );
}

function emailOf(given: unknown): string | null {
  if (given === null || given === "") return null;
  if (typeof given === "string" && given.length <= 254 && EMAIL.test(given)) return given;
  throw refused(`email is an address as admin@example.org, and not ${shown(given)}`, "Leave it out for an account without contact.");
}

function directoryOf(given: unknown): string | null {
  if (given === null || given === "") return null;
  const text = typeof given === "string" && given.length <= 2_000 ? given : "";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && url.protocol === "https:" && url.username === "" && url.password === "" && url.hash === "") return text;
  throw refused(
    `directory_url is the https address of a CA's directory, and not ${shown(given)}`,
    "As https://acme-v02.api.letsencrypt.org/directory",
  );
}

/** Who names the staging server of a CA wants staging of that CA, so that it can be converted later. */
function serverOf(fields: RequestFields, { authorities }: AcmeSettings): Pick<CertificateRequest, "staging" | "directory_url"> {
  const staging = flagOf("staging", fields.staging ?? false);
  const directory_url = directoryOf(fields.directory_url ?? null);
  const of = directory_url === null ? undefined : authorities.find(({ stagingUrl }) => stagingUrl === directory_url);
  return of === undefined ? { staging, directory_url } : { staging: true, directory_url: of.directoryUrl };
}

function oneOf<T extends string>(field: string, given: unknown, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === given);
  if (found !== undefined) return found;
  throw refused(
    `${field} is ${allowed.join(", ")}, and not ${shown(given)}`,
    `Leave it out for ${field === "challenge" ? "auto" : allowed[0]}.`,
  );
}

function flagOf(field: string, given: unknown): boolean {
  if (typeof given === "boolean") return given;
  throw refused(`${field} is true or false, and not ${shown(given)}`, "Leave it out for false.");
}

function textOf(field: string, given: unknown, allowed: RegExp, words: string): string | null {
  if (given === null || given === "") return null;
  if (typeof given === "string" && allowed.test(given)) return given;
  throw refused(`${field} is ${words}, and not ${shown(given)}`, "Leave it out for the CA's default.");
}

function momentOf(given: unknown): number | null {
  if (given === null || (typeof given === "number" && Number.isSafeInteger(given) && given >= 0)) return given;
  throw refused(`renew_asked_at is Unix ms, and not ${shown(given)}`, "Leave it out.");
}

/** A secret that came to the wrong field is not told on in full. */
function shown(given: unknown): string {
  return JSON.stringify(given)?.slice(0, 80) ?? "nothing";
}

function refused(message: string, hint: string): GatewayError {
  return new GatewayError("INVALID_CERTIFICATE_REQUEST", `${message}.`, { hint });
}
