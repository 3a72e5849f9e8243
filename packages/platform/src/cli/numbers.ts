/** Numbers and positions given on the command line, checked with words that name the option. */
import { InvalidArgumentError } from "commander";

export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const limit = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${limit}.`);
  };
}

/** `beginning`, `now`, an entry id, or a date such as 2026-01-31T08:00; what is none of these is judged by the library. */
export function position(text: string): string | Date {
  const isDate = /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text));
  return isDate ? new Date(text) : text;
}

/** A date, or `30m`, `12h`, `7d` for so long ago, as Unix milliseconds. */
export function time(text: string): number {
  const [, amount, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return Date.now() - Number(amount) * (UNITS[unit] ?? 0);
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : /^\d{12,14}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new InvalidArgumentError("It must be a date such as 2026-01-31T08:00, or 30m, 12h, 7d for so long ago.");
}

/** `250`, `250ms`, `1.5s`, `2m` as milliseconds. */
export function span(text: string): number {
  const [, amount, unit = "ms"] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text) ?? [];
  if (amount !== undefined) return Number(amount) * (unit === "ms" ? 1 : (UNITS[unit] ?? 1));
  throw new InvalidArgumentError("It must be milliseconds, or a duration such as 250ms, 1.5s, 2m.");
}

// Private

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
