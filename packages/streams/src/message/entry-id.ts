/** Stream entry ids `<milliseconds>-<sequence>`: order, neighbours and positions. */
import { TidegateError } from "../errors.ts";

const ENTRY_ID = /^(\d{1,20})(?:-(\d{1,20}))?$/;

export function compareIds(a: string, b: string): number {
  const [aTime, aSequence] = split(a);
  const [bTime, bSequence] = split(b);
  if (aTime !== bTime) return aTime < bTime ? -1 : 1;
  return aSequence === bSequence ? 0 : aSequence < bSequence ? -1 : 1;
}

export function timeOf(id: string): number {
  return Number(id.slice(0, id.indexOf("-") === -1 ? id.length : id.indexOf("-")));
}

/** What Redis calls the position after which a group reads: an id, `0` or `$`. */
export function startOf(position: Date | string): string {
  if (position === "beginning") return "0";
  if (position === "now") return "$";
  if (position instanceof Date) return beforeDate(position);
  if (ENTRY_ID.test(position)) return position;
  throw badPosition(position);
}

/** A bound for XRANGE. */
export function rangeBound(bound: string | Date | undefined, open: "-" | "+"): string {
  if (bound === undefined || bound === "beginning") return open;
  if (bound === "now") return "+";
  if (bound instanceof Date) return open === "-" ? dateId(bound, "from") : String(dateMs(bound, "to"));
  if (ENTRY_ID.test(bound)) return bound;
  throw badPosition(bound);
}

// Private

function split(id: string): [bigint, bigint] {
  const match = ENTRY_ID.exec(id);
  if (match === null) throw badPosition(id);
  return [BigInt(match[1] ?? 0), BigInt(match[2] ?? 0)];
}

/** The last id before a date: what is of that very millisecond is still to come. */
function beforeDate(date: Date): string {
  const ms = dateMs(date, "from");
  return ms === 0 ? "0" : `${ms - 1}-18446744073709551615`;
}

function dateId(date: Date, where: string): string {
  return `${dateMs(date, where)}-0`;
}

function dateMs(date: Date, where: string): number {
  const ms = date.getTime();
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new TidegateError("INVALID_POSITION", `${where} is an invalid date.`);
}

function badPosition(found: string): TidegateError {
  return new TidegateError("INVALID_POSITION", `${JSON.stringify(found)} is not a position in a stream.`, {
    hint: 'Give "beginning", "now", a Date, or an entry id such as 1763730000000-0.',
  });
}
