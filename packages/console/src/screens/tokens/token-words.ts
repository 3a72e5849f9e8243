/** Tokens in words, and the form's scopes. Pure. */
import type { Resource, Scope, TokenAnswer } from "tidegate/contract";

export const LEVELS = ["none", "read", "write", "admin"] as const;
export type Level = (typeof LEVELS)[number];
/** Resource → level; what is missing is none. */
export type Grants = Readonly<Partial<Record<Resource, Level>>>;

export function scopesOf(all: boolean, grants: Grants): Scope[] {
  if (all) return ["*"];
  return Object.entries(grants).flatMap(([resource, level]) => (level === "none" ? [] : [`${resource as Resource}:${level}` as Scope]));
}

export function grantsOf(scopes: readonly Scope[]): { all: boolean; grants: Grants } {
  const pairs = scopes.filter((scope) => scope !== "*").map((scope) => scope.split(":"));
  return { all: scopes.includes("*"), grants: Object.fromEntries(pairs) };
}

/** `2 services, 1 port`; empty: nothing. */
export function ownsWords(owns: TokenAnswer["owns"]): string {
  return Object.entries(owns)
    .filter(([, n]) => n > 0)
    .map(([resource, n]) => `${n} ${n === 1 ? resource.replace(/s$/, "") : resource}`)
    .join(", ");
}

export const EXPIRIES = [
  { value: "", label: "never" },
  { value: "1", label: "in a day" },
  { value: "7", label: "in a week" },
  { value: "30", label: "in 30 days" },
  { value: "90", label: "in 90 days" },
  { value: "365", label: "in a year" },
] as const;

const day = 86_400_000;

/** Days from now as a time; null for never. */
export function expiryOf(days: string, now: number): number | null {
  return days === "" ? null : now + Number(days) * day;
}
