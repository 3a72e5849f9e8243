/**
 * Ids of stream entries as text, compared without losing a digit, and their short form within one hour: 8 base-36 digits of
 * `milliseconds into the hour × 2¹⁹ + sequence`. Short forms sort as the ids do.
 */
export const HOUR = 3_600_000;
/** Characters of one short id. */
export const WIDTH = 8;
/** Beyond so many entries within one millisecond an entry has no short form and is found by reading the stream only. */
const SEQUENCES = 524_288;

export function millisecondOf(id: string): number {
  return Number.parseInt(id, 10);
}

/** Below 0 where `a` is the older. */
export function compareIds(a: string, b: string): number {
  const [[aTime, aSequence], [bTime, bSequence]] = [split(a), split(b)];
  return compareDigits(aTime, bTime) || compareDigits(aSequence, bSequence);
}

export function older(a: string, b: string): string {
  return compareIds(a, b) <= 0 ? a : b;
}

export function newer(a: string, b: string): string {
  return compareIds(a, b) >= 0 ? a : b;
}

/** The smallest id above this one. */
export function nextId(id: string): string {
  const [time, sequence] = split(id);
  return `${time}-${BigInt(sequence) + 1n}`;
}

export function hourOf(id: string): number {
  return Math.floor(millisecondOf(id) / HOUR) * HOUR;
}

/** The short form as a number; an id outside the hour counts as its nearer end. For comparing with `below`. */
export function withinHour(id: string, hour: number): number {
  const [time, sequence] = split(id);
  const offset = Number(time) - hour;
  if (offset < 0) return 0;
  return offset >= HOUR ? HOUR * SEQUENCES : offset * SEQUENCES + Math.min(Number(sequence), SEQUENCES);
}

/** Null where there is none. */
export function shorten(id: string): string | null {
  if (Number(split(id)[1]) >= SEQUENCES) return null;
  return withinHour(id, hourOf(id)).toString(36).padStart(WIDTH, "0");
}

export function lengthen(short: number, hour: number): string {
  return `${hour + Math.floor(short / SEQUENCES)}-${short % SEQUENCES}`;
}

/** `2026013108`, of UTC. */
export function hourName(hour: number): string {
  return new Date(hour).toISOString().replace(/\D/g, "").slice(0, 10);
}

// Private

function split(id: string): [time: string, sequence: string] {
  const dash = id.indexOf("-");
  return dash === -1 ? [id, "0"] : [id.slice(0, dash), id.slice(dash + 1)];
}

/** Of decimal numbers without leading zeros the longer one is the larger. */
function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
