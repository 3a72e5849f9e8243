/**
 * `tidegate log follow`: new entries as they come, over the live channel, until Ctrl-C. After a lost line it connects again and first
 * asks for what it has missed.
 */
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { WebSocket } from "ws";
import type { LiveFrame, LogEntry, LogQuery, LogsAnswer } from "../contract.ts";
import { PlatformError } from "../errors.ts";
import { askInstance, liveAddress, Refused, runningInstance } from "./instance-client.ts";
import { addFilters, filtersOf, type FilterFlags } from "./log-filters.ts";
import { logLine } from "./log-lines.ts";
import { wholeNumber } from "./numbers.ts";
import { counted, line, printJson } from "./output.ts";
import { settingsOf } from "./session.ts";

export function followCommand(): Command {
  return addFilters(new Command("follow"))
    .description("New entries as they come, until Ctrl-C.")
    .option("--tail <n>", "how many old ones first", wholeNumber(0, 50), 10)
    .action(follow);
}

// Private

const LONGEST_PAUSE = 10_000;
const MISSED = 1_000;

async function follow(flags: FilterFlags & { tail: number }, command: Command): Promise<void> {
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
  const { json } = settingsOf(command);
  const shown = new Shown(filtersOf(flags), flags.tail, (entry) => (json ? printJson(entry) : line(logLine(entry))));
  let tries = 0;
  while (!interrupt.signal.aborted) {
    // Found anew each time: it may have come back on another port.
    const ended = await listen(shown, interrupt.signal, () => (tries = 0)).catch((error: unknown) => failed(error, shown));
    if (interrupt.signal.aborted) break;
    if (tries === 0) process.stderr.write(`${ended}; connecting again.\n`);
    await pause(Math.min(LONGEST_PAUSE, 250 * 2 ** tries++), undefined, { signal: interrupt.signal }).catch(() => {});
  }
  process.stderr.write(`\n${counted(shown.count, "entry").replace("entrys", "entries")} shown.\n`);
  process.exitCode = 130;
}

/** Before the first entry a failure is final: the address, the token or a filter is wrong. */
function failed(error: unknown, shown: Shown): string {
  const again = error instanceof PlatformError && error.code === "UNREACHABLE";
  if (again && shown.began) return error.message;
  throw error;
}

/** Until the line is lost; answers why. */
async function listen(shown: Shown, signal: AbortSignal, onOpen: () => void): Promise<string> {
  const instance = runningInstance();
  const { url, headers } = liveAddress(instance);
  const socket = new WebSocket(url, { headers, handshakeTimeout: 5_000 });
  const stop = (): void => socket.terminate();
  signal.addEventListener("abort", stop);
  try {
    await opened(socket, new URL(url).host);
    onOpen();
    socket.send(JSON.stringify({ type: "subscribe", feed: "logs", query: shown.query }));
    return await frames(socket, async (frame) => {
      if (frame.type === "problem")
        throw new Refused(frame.code === "SCOPE_MISSING" ? 403 : 400, { ...EMPTY, code: frame.code, detail: frame.detail });
      if (frame.type !== "logs") return;
      if (frame.skipped > 0) process.stderr.write(`${counted(frame.skipped, "row")} left out to keep up.\n`);
      await shown.add(frame.items, async (from) => {
        const query = { ...shown.query, from, limit: MISSED };
        return ((await askInstance(instance, "/api/v1/logs/search", { query })) as LogsAnswer).logs;
      });
    });
  } finally {
    signal.removeEventListener("abort", stop);
    socket.terminate();
  }
}

const EMPTY = { type: "about:blank", title: "", status: 400, request_id: "" };

async function opened(socket: WebSocket, host: string): Promise<void> {
  const refused = once(socket, "unexpected-response").then(([, answer]) => {
    const status = (answer as { statusCode: number }).statusCode;
    if (status === 401 || status === 403)
      throw new PlatformError("ACCESS_DENIED", "Tidegate refuses the token.", {
        hint: "It is read from TIDEGATE_TOKEN, then ADMIN_TOKEN, then the data folder, and needs the scope logs:read.",
      });
    throw new PlatformError("UNREACHABLE", `${host} answered ${status} to the live channel.`);
  });
  refused.catch(() => {});
  try {
    await Promise.race([once(socket, "open"), refused]);
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    throw new PlatformError("UNREACHABLE", `Tidegate does not answer at ${host}.`, { cause: error, hint: "See: tidegate doctor" });
  }
}

/** One after another, in order. */
async function frames(socket: WebSocket, handle: (frame: LiveFrame) => Promise<void>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let last = Promise.resolve();
  socket.on("message", (data) => {
    last = last.then(() => handle(JSON.parse((data as Buffer).toString()) as LiveFrame)).catch(reject);
  });
  socket.on("error", () => {});
  socket.on("close", (code, reason) =>
    resolve(reason.length > 0 ? `The line was closed: ${reason.toString()}` : `The line was lost (${code})`),
  );
  return await promise;
}

/** What was shown, so that nothing is shown twice and a gap is filled. */
class Shown {
  readonly query: LogQuery;
  readonly #tail: number;
  readonly #show: (entry: LogEntry) => void;
  readonly #recent = new Set<string>();
  #newest = 0;
  began = false;
  count = 0;

  constructor(query: LogQuery, tail: number, show: (entry: LogEntry) => void) {
    this.query = query;
    this.#tail = tail;
    this.#show = show;
  }

  /** `missed`: entries since a time (ms), newest first. */
  async add(items: readonly LogEntry[], missed: (from: number) => Promise<readonly LogEntry[]>): Promise<void> {
    if (!this.began) {
      this.began = true;
      for (const entry of items) this.#remember(entry);
      for (const entry of this.#tail === 0 ? [] : items.slice(-this.#tail)) this.#print(entry);
      return;
    }
    const first = items[0];
    const gap = this.#newest > 0 && first !== undefined && items.length >= 50 && millisecond(first) > this.#newest;
    const before = gap ? (await missed(this.#newest)).toReversed() : [];
    for (const entry of [...before, ...items]) {
      if (this.#recent.has(nameOf(entry))) continue;
      this.#remember(entry);
      this.#print(entry);
    }
  }

  #print(entry: LogEntry): void {
    this.count += 1;
    this.#show(entry);
  }

  #remember(entry: LogEntry): void {
    this.#recent.add(nameOf(entry));
    this.#newest = Math.max(this.#newest, millisecond(entry));
    for (const name of this.#recent) {
      if (this.#recent.size <= 5_000) break;
      this.#recent.delete(name);
    }
  }
}

function nameOf(entry: LogEntry): string {
  return `${entry.eventType === null ? "log" : "event"} ${entry.id}`;
}

function millisecond(entry: LogEntry): number {
  return Number.parseInt(entry.id, 10);
}
