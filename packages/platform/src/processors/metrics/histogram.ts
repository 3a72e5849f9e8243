/**
 * Durations counted in bins whose borders grow by a constant factor: percentiles within 3 % of the exact ones, whatever the range, and
 * two histograms are one by adding their bins. Sparse: only bins that were hit exist. (The idea of DDSketch, arXiv:1908.10693.)
 */

/** Largest relative error of a percentile. */
export const RELATIVE_ERROR = 0.03;
const FACTOR = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_FACTOR = Math.log(FACTOR);
/** Milliseconds; everything up to it is bin 0 and reads as this. */
const SMALLEST = 0.01;
/** Bin of about 26 hours: what is longer reads as that. Bounds what one histogram can take. */
const LAST_BIN = 383;

/** Bin → how many. */
export type Bins = ReadonlyMap<number, number>;

export function binOf(milliseconds: number): number {
  if (!(milliseconds > SMALLEST)) return 0;
  return Math.min(LAST_BIN, Math.ceil(Math.log(milliseconds / SMALLEST) / LOG_FACTOR));
}

/** The value all of a bin are taken for: no farther than `RELATIVE_ERROR` from either border. */
export function valueOf(bin: number): number {
  return bin === 0 ? SMALLEST : (2 * SMALLEST * FACTOR ** bin) / (FACTOR + 1);
}

export function merge(all: Iterable<Bins>): Map<number, number> {
  const sum = new Map<number, number>();
  for (const bins of all) for (const [bin, count] of bins) sum.set(bin, (sum.get(bin) ?? 0) + count);
  return sum;
}

/** By nearest rank: the smallest value that at least `share` of all do not exceed. Null of nothing. */
export function quantile(bins: Bins, share: number): number | null {
  const sorted = [...bins].toSorted(([one], [other]) => one - other);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (const [bin, count] of sorted) if ((seen += count) >= rank) return valueOf(bin);
  return null;
}

/** The form in Redis: `<bin>:<count> <bin>:<count> …`, in no order. */
export function writeBins(bins: Bins): string {
  return [...bins].map(([bin, count]) => `${bin}:${count}`).join(" ");
}

export function readBins(text: string): Map<number, number> {
  const pairs = text === "" ? [] : text.split(" ");
  return new Map(pairs.map((pair) => pair.split(":")).map(([bin, count]) => [Number(bin), Number(count)]));
}
