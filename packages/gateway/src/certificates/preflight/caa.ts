/** Whether CAA records let a CA issue for a name (RFC 8659, methods by RFC 8657): the nearest ones count, going up from the name. */
import type { CaaRecord } from "node:dns";
import type { ChallengeType } from "../request-spec.ts";
import type { Dns } from "./resolve.ts";

export interface CaaFound {
  /** Where the records are; null: nowhere, so everybody may issue. */
  readonly at: string | null;
  readonly records: readonly CaaRecord[];
  /** At `at`: a CA that gets no answer does not issue. */
  readonly trouble: string | null;
}

export interface CaaQuestion {
  readonly wildcard: boolean;
  /** The names by which the CA is called in CAA records. */
  readonly identities: readonly string[];
  readonly challenge: ChallengeType | "auto";
}

/** `domain`: without `*.`. */
export async function findCaa(dns: Dns, domain: string, signal: AbortSignal): Promise<CaaFound> {
  const labels = domain.split(".");
  for (const [at] of labels.entries()) {
    const zone = labels.slice(at).join(".");
    const { found, trouble } = await dns.caa(zone, signal);
    if (found.length > 0 || trouble !== null) return { at: zone, records: found, trouble };
  }
  return { at: null, records: [], trouble: null };
}

/** Pure. Null: it may issue; else what forbids it. */
export function forbids(records: readonly CaaRecord[], { wildcard, identities, challenge }: CaaQuestion): string | null {
  const unknown = records.find(isUnknownAndCritical);
  if (unknown !== undefined) return "a critical record that CAs do not understand";
  const wild = records.flatMap(({ issuewild }) => (issuewild === undefined ? [] : [issuewild]));
  const plain = records.flatMap(({ issue }) => (issue === undefined ? [] : [issue]));
  const [tag, values] = wildcard && wild.length > 0 ? ["issuewild", wild] : ["issue", plain];
  if (values.length === 0) return null;
  const ours = values.map(read).filter(({ ca }) => identities.includes(ca));
  if (ours.length === 0) return values.map((value) => `${tag} ${JSON.stringify(value.slice(0, 80))}`).join(", ");
  if (ours.some(({ methods }) => methods === null || challenge === "auto" || methods.includes(challenge))) return null;
  return `validation by ${challenge}`;
}

// Private

const KNOWN = ["critical", "issue", "issuewild", "iodef", "issuemail", "contactemail", "contactphone", "type"];

function isUnknownAndCritical(record: CaaRecord): boolean {
  return (record.critical & 128) !== 0 && Object.keys(record).some((tag) => !KNOWN.includes(tag));
}

/** `ca.example; validationmethods=dns-01,http-01; accounturi=…` */
function read(value: string): { ca: string; methods: string[] | null } {
  const [ca = "", ...parameters] = value.split(";").map((part) => part.trim());
  const methods = parameters.find((parameter) => parameter.startsWith("validationmethods="));
  return { ca: ca.toLowerCase(), methods: methods === undefined ? null : methods.slice(methods.indexOf("=") + 1).split(",") };
}
