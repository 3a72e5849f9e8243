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
