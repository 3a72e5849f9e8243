/**
 * Who watches the logs, each with a filter of their own. One look at the streams serves all; first a watcher gets the newest entries that
 * fit, then each new one once. What a slow line or a burst leaves out is counted.
 */
import type { TelemetryRecord } from "@tidegate/streams";
import type { LogQuery } from "../contract.ts";
import { compareIds } from "../processors/logs/entry-ids.ts";
import { logTest, type LogFeed, type Logs } from "../processors/logs/logs.ts";
import type { LiveSocket } from "./live-socket.ts";

const SNAPSHOT_ROWS = 50;
const ROWS_PER_FLUSH = 500;
/** One frame stays within what a slow line can take before the next one. */
const BYTES_PER_FLUSH = 1_048_576;

interface Watcher {
  readonly fits: (record: TelemetryRecord) => boolean;
  /** What comes before its first frame waits here. */
  held: TelemetryRecord[] | null;
  /** `<stream>/<id>` of the first frame: the next look may bring these again, and others that were older than its first row. */
  shown: ReadonlySet<string>;
  since: string;
  skipped: number;
}

export class LogWatch {
  readonly #logs: () => Logs;
  readonly #watchers = new Map<LiveSocket, Watcher>();
  #feed: Promise<LogFeed> | null = null;

  constructor(logs: () => Logs) {
    this.#logs = logs;
  }

  /** A second one replaces the first. Rejects where the query is wrong or the logs cannot be asked. */
  async watch(socket: LiveSocket, query: LogQuery): Promise<void> {
    const watcher: Watcher = { fits: logTest(query), held: [], shown: new Set(), since: "0-0", skipped: 0 };
    this.#watchers.set(socket, watcher);
    try {
      this.#feed ??= begun(this.#logs());
      await this.#feed;
      const { logs } = await this.#logs().search({ ...query, limit: SNAPSHOT_ROWS });
      // It may have asked for something else or gone away meanwhile.
      if (this.#watchers.get(socket) === watcher) admit(socket, watcher, logs.toReversed());
    } catch (error) {
      if (this.#watchers.get(socket) === watcher) this.leave(socket);
      throw error;
    }
  }

  leave(socket: LiveSocket): void {
    this.#watchers.delete(socket);
    if (this.#watchers.size === 0) this.#feed = null;
  }

  /** Sends what came since the last flush. */
  async flush(): Promise<void> {
    const feed = await this.#feed;
    if (feed === null) return;
    const { records, skipped } = await feed.look();
    if (records.length + skipped === 0) return;
    for (const [socket, watcher] of this.#watchers) {
      const fitting = records.filter((record) => isNew(watcher, record) && watcher.fits(record));
      watcher.skipped += skipped;
      if (watcher.held === null) send(socket, watcher, fitting);
      else watcher.held.push(...fitting);
    }
  }
}

// Private

async function begun(logs: Logs): Promise<LogFeed> {
  const feed = logs.feed();
  await feed.begin();
  return feed;
}

/** Entries that came between the look before and the search are in both, so the first frame's are remembered. */
function admit(socket: LiveSocket, watcher: Watcher, newest: readonly TelemetryRecord[]): void {
  watcher.shown = new Set(newest.map(nameOf));
  if (newest.length >= SNAPSHOT_ROWS) watcher.since = newest[0]?.id ?? watcher.since;
  const held = (watcher.held ?? []).filter((record) => isNew(watcher, record));
  watcher.held = null;
  send(socket, watcher, [...newest, ...held], true);
}

function isNew({ shown, since }: Watcher, record: TelemetryRecord): boolean {
  return !shown.has(nameOf(record)) && compareIds(record.id, since) >= 0;
}

function nameOf({ id, eventType }: TelemetryRecord): string {
  return `${eventType === null ? "logs" : "events"}/${id}`;
}

function send(socket: LiveSocket, watcher: Watcher, records: readonly TelemetryRecord[], evenEmpty = false): void {
  if (records.length + watcher.skipped === 0 && !evenEmpty) return;
  const rows = newestWithin(records);
  const skipped = watcher.skipped + records.length - rows.length;
  const sent = socket.send(`{"type":"logs","items":[${rows.join(",")}],"skipped":${skipped}}`);
  watcher.skipped = sent ? 0 : skipped + rows.length;
}

/** As many of the newest as fit into one frame; at least one, so that a single large entry is still shown. */
function newestWithin(records: readonly TelemetryRecord[]): string[] {
  const rows: string[] = [];
  let bytes = 0;
  for (const record of records.slice(-ROWS_PER_FLUSH).toReversed()) {
    const row = JSON.stringify(record);
    bytes += row.length;
    if (bytes > BYTES_PER_FLUSH && rows.length > 0) break;
    rows.push(row);
  }
  return rows.reverse();
}
