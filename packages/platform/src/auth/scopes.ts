/**
 * What a token may do. A scope is `<resource>:<level>`; `write` contains `read`, `admin` contains both, `*` is everything. Nothing is allowed that
 * no scope says. Pure: who asks is found elsewhere.
 */
import { RESOURCES } from "../gateway-contract.ts";
import type { Resource, Scope } from "../gateway-contract.ts";
import { Refusal } from "./refusal.ts";

export const LEVELS = ["read", "write", "admin"] as const;
export type Level = (typeof LEVELS)[number];

/** What a request needs. */
export interface Need {
  readonly resource: Resource;
  readonly level: Level;
}

/** Whoever asks, as far as it matters here. */
export interface Scoped {
  readonly subject: string;
  readonly scopes: readonly Scope[];
}

/** A token made without any: what a program needs that runs services of its own. */
export const DEFAULT_SCOPES: readonly Scope[] = ["services:write", "ports:write", "certificates:write", "proxy:write", "routes:write"];

/** Null: there is no such scope. */
export function parseScope(text: string): Scope | null {
  if (text === "*") return "*";
  const [resource, level, ...more] = text.split(":");
  const known = RESOURCES.find((name) => name === resource);
  const reach = LEVELS.find((name) => name === level);
  return known === undefined || reach === undefined || more.length > 0 ? null : `${known}:${reach}`;
}

/** Checked, without those that another one contains, in the order of the resources. */
export function parseScopes(texts: readonly string[]): Scope[] {
  const scopes = texts.map((text) => parseScope(text) ?? refuseScope(text));
  const wanted = scopes.filter(
    (scope, at) => !scopes.some((other, place) => place !== at && contains(other, scope) && (other !== scope || place < at)),
  );
  return wanted.toSorted((one, other) => rank(one) - rank(other));
}

export function allows(scopes: readonly Scope[], { resource, level }: Need): boolean {
  return scopes.some((scope) => contains(scope, `${resource}:${level}`));
}

/** Everything `wanted` allows, `own` allows as well. */
export function covers(own: readonly Scope[], wanted: readonly Scope[]): boolean {
  return wanted.every((scope) => own.some((mine) => contains(mine, scope)));
}

/** 403 SCOPE_MISSING. */
export function demand({ subject, scopes }: Scoped, need: Need): void {
  if (allows(scopes, need)) return;
  const missing = `${need.resource}:${need.level}`;
  throw new Refusal(403, "SCOPE_MISSING", `This needs the scope ${missing}; the token "${subject}" has ${inWords(scopes)}.`, {
    hint: `Use a token that has it, or give it to this one: tidegate token set ${subject} --add ${missing}`,
    headers: { "WWW-Authenticate": `Bearer realm="tidegate", error="insufficient_scope", scope="${missing}"` },
  });
}

/** 403 SCOPE_MISSING: nobody hands on what they do not have. */
export function demandAll({ subject, scopes }: Scoped, wanted: readonly Scope[], act: string): void {
  const missing = wanted.find((scope) => !covers(scopes, [scope]));
  if (missing === undefined) return;
  throw new Refusal(403, "SCOPE_MISSING", `${act} needs the scope ${missing}; the token "${subject}" has ${inWords(scopes)}.`, {
    hint: "A token hands on only scopes it has itself; the admin token has all.",
  });
}

/** May it change a thing of this owner? `write`: its own; `admin`: everybody's. */
export function mayChange({ subject, scopes }: Scoped, resource: Resource, owner: string): boolean {
  return allows(scopes, { resource, level: subject === owner ? "write" : "admin" });
}

/** 403 NOT_YOURS. Whose it is stands where it may be read, not here. */
export function demandOwn(who: Scoped, resource: Resource, owner: string, what: string): void {
  if (mayChange(who, resource, owner)) return;
  throw new Refusal(403, "NOT_YOURS", `${what} belongs to another token; "${who.subject}" has ${inWords(who.scopes)}.`, {
    hint: `Use the token that made it, or one with the scope ${resource}:admin.`,
  });
}

// Private

function inWords(scopes: readonly Scope[]): string {
  if (scopes.length === 0) return "no scopes";
  return scopes.includes("*") ? "all" : scopes.join(", ");
}

function contains(wide: Scope, narrow: Scope): boolean {
  if (wide === "*" || wide === narrow) return true;
  const [resource, level] = wide.split(":");
  const [wanted, needed] = narrow.split(":");
  return resource === wanted && levelOf(level) >= levelOf(needed);
}

function levelOf(level: string | undefined): number {
  return LEVELS.findIndex((name) => name === level);
}

function rank(scope: Scope): number {
  return RESOURCES.findIndex((resource) => scope.startsWith(`${resource}:`));
}

function refuseScope(text: string): never {
  throw new Refusal(400, "UNKNOWN_SCOPE", `There is no scope "${text.slice(0, 60)}".`, {
    hint: `A scope is * or <resource>:<level>. Resources: ${RESOURCES.join(", ")}. Levels: ${LEVELS.join(", ")}.`,
  });
}
