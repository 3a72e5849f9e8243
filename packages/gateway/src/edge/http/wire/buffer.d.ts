/** The fast path under toString("latin1", start, end); in every version of Node, missing from its types. */
interface Buffer {
  latin1Slice(start?: number, end?: number): string;
}
