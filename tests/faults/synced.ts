/**
 * Reads from a trace of system calls how much of the append-only file had reached the disk: what was written before the last
 * completed fdatasync began. A lower bound of what survives a power loss; disk caches and torn sectors are not in it. Pure.
 */

export interface Synced {
  /** Bytes appended in the traced time. */
  readonly written: number;
  /** Of those, the ones that were written before the last completed fdatasync began. */
  readonly synced: number;
  /** Unix milliseconds when that fdatasync began; NaN when there was none. */
  readonly at: number;
}

/** `trace` is the output of `strace -f -y -ttt -e trace=write,fdatasync`; `file` is part of the path. */
export function readTrace(trace: string, file: string): Synced {
  const open = new Map<string, { call: string; mine: boolean; at: number; written: number }>();
  const result = { written: 0, synced: 0, at: NaN };
  for (const row of trace.split("\n")) {
    const begun = /^(\d+)\s+([\d.]+) (write|fdatasync)\(\d+<([^>]*)>/.exec(row);
    const [, thread = "", time = "0", call = "", path = ""] = begun ?? [];
    if (begun !== null) open.set(thread, { call, mine: path.includes(file), at: Number(time) * 1_000, written: result.written });
    const ended = /^(\d+)\s.*(?:\)|resumed>.*\))\s+= (\d+)$/.exec(row);
    const under = ended === null ? undefined : open.get(ended[1] ?? "");
    if (ended === null || under === undefined) continue;
    open.delete(ended[1] ?? "");
    if (!under.mine) continue;
    if (under.call === "write") result.written += Number(ended[2]);
    else if (under.written >= result.synced) Object.assign(result, { synced: under.written, at: under.at });
  }
  return result;
}
