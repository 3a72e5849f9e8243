/**
 * What of each kind goes into an export, and what becomes of it where it is imported. What belongs to one machine and moment (containers, operations,
 * the ports that services have) stays out; services make it anew.
 */
import type { PortClaim } from "../ports/ports.ts";
import type { ServiceData } from "../services/spec.ts";
import type { EntityKind } from "./entity.ts";

export type Portable = Readonly<Record<string, unknown>>;

/** Null: nothing of it. */
export function portableOf(kind: EntityKind, data: object): Portable | null {
  if (kind === "service") return ofService(data as ServiceData);
  if (kind === "port") return claimsOf((data as Ports).claims.filter((claim) => !isOfService(claim)));
  return data as Portable;
}

/** The data it has then; null: none is left. `present`: what is there now. */
export function dataFrom(kind: EntityKind, portable: Portable | null, present: object | null): object | null {
  if (kind !== "port") return portable;
  const kept = present === null ? [] : (present as Ports).claims.filter(isOfService);
  const claims = portable === null ? [] : (portable as unknown as Ports).claims;
  return claimsOf([...kept, ...claims]);
}

/** Whether what is there need not be changed. */
export function isSame(kind: EntityKind, one: Portable, other: Portable): boolean {
  // Whose a service is, and whether it runs, is only asked where it is made.
  return kind === "service" ? canonical(one["spec"]) === canonical(other["spec"]) : canonical(one) === canonical(other);
}

/** One line: what is wrong with it; null: nothing. */
export function faultOf(kind: EntityKind, name: string, data: Portable): string | null {
  return CHECKS[kind]?.(name, data) ?? null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Private

interface Ports {
  readonly claims: readonly PortClaim[];
}

const CHECKS: Partial<Record<EntityKind, (name: string, data: Portable) => string | null>> = {
  token: (name, { hash, scopes }) =>
    name === "admin" ? "it is the admin's" : isHash(hash) && isTexts(scopes) ? null : "it has no hash (SHA-256, hex) or no scopes",
  service: (_, { spec, owner }) =>
    isRecord(spec) && Array.isArray(spec["port_configs"]) && isRecord(spec["secret_environment"]) && typeof owner === "string"
      ? null
      : "it has no complete spec or no owner",
  certificate_request: (_, { domains, owner }) => (isTexts(domains) && typeof owner === "string" ? null : "it has no domains or no owner"),
  external_service: (_, { url, owner }) =>
    typeof url === "string" && URL.canParse(url) && typeof owner === "string" ? null : "it has no url or no owner",
  port: (name, { claims }) =>
    Array.isArray(claims) && claims.length > 0 && claims.every((claim) => isClaimOf(name, claim))
      ? null
      : "its claims are not of this port",
};

function ofService({ spec, owner, desired }: ServiceData): Portable {
  return { spec, owner, desired };
}

function isOfService({ owner }: PortClaim): boolean {
  return owner.startsWith("service:");
}

function claimsOf(claims: readonly PortClaim[]): { claims: readonly PortClaim[] } | null {
  return claims.length === 0 ? null : { claims };
}

function isClaimOf(name: string, claim: unknown): boolean {
  if (!isRecord(claim)) return false;
  const { protocol, port, bind, owner, until } = claim;
  const named =
    typeof protocol === "string" && /^(tcp|udp)$/.test(protocol) && Number.isInteger(port) && name === `${protocol}/${String(port)}`;
  const lease = until === null || Number.isFinite(until);
  return named && lease && typeof bind === "string" && typeof owner === "string" && !owner.startsWith("service:");
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** The same text for the same data, whatever the order of its fields. */
function canonical(value: unknown): string {
  const sorted = (_: string, one: unknown): unknown =>
    isRecord(one) ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1))) : one;
  return JSON.stringify(value, sorted) ?? "";
}
