/**
 * A change of a service, watched while the request is open: after the first second the lines of the build and the steps of its trace, as they come.
 * Ctrl-C ends the watching, not the change: it belongs to Tidegate.
 */
import { setTimeout as pause } from "node:timers/promises";
import { styleText } from "node:util";
import type { TraceAnswer } from "../contract.ts";
import { PlatformError } from "../errors.ts";
import { askInstance, runningInstance, type FoundInstance } from "./instance-client.ts";
import { callLong, newTrace, type LongCall } from "./long-call.ts";
import { duration, printable } from "./output.ts";

/** `name`: of the service, to say where to look. */
export async function watched(name: string, call: LongCall, quiet: boolean): Promise<unknown> {
  const instance = runningInstance();
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort(leftBehind(name));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const trace = newTrace();
  const over = new AbortController();
  const watching = quiet ? Promise.resolve() : watch(instance, trace, over.signal);
  try {
    return await callLong(instance, call, trace, interrupt.signal);
  } finally {
    over.abort();
    await watching;
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

// Private

const LOOK = 1_000;

/** Steps worth a person's attention, in their words. */
const STEPS: Readonly<Record<string, string>> = {
  ports: "claim ports",
  image: "find the image",
  build: "build the image",
  container: "make the container",
  start: "start it",
  probe: "wait until it is healthy",
  pause: "hold new connections",
  switch: "let connections in",
  drain: "let connections end",
  stop: "stop a container",
  remove: "remove a container",
  volumes: "remove volumes",
};

/** A span is stored when it ends; of the long ones is known what they come after. */
const NEXT: Readonly<Record<string, string>> = {
  container: "start it",
  start: "wait until it is healthy",
  switch: "let connections end",
  drain: "stop a container",
};

function mark(colour: "red" | "green", sign: string): string {
  return styleText(colour, sign, { stream: process.stderr });
}

function leftBehind(name: string): PlatformError {
  return new PlatformError("INTERRUPTED", "It goes on in the background.", { hint: `See how it ends: tidegate service show ${name}` });
}

async function watch(instance: FoundInstance, trace: string, over: AbortSignal): Promise<void> {
  const shown = new Shown();
  while (!over.aborted) {
    await pause(LOOK, undefined, { signal: over }).catch(() => {});
    if (!over.aborted && !(await look(instance, trace, shown))) return;
  }
  // Whoever has read half of it wants to know the end.
  if (shown.began) await look(instance, trace, shown);
  shown.clear();
}

/** False: the token may not see traces. What cannot be watched still happens, and first spans may not be stored yet. */
async function look(instance: FoundInstance, trace: string, shown: Shown): Promise<boolean> {
  try {
    shown.add((await askInstance(instance, `/api/v1/traces/${trace}`)) as TraceAnswer);
    return true;
  } catch (error) {
    return !(error instanceof PlatformError && error.code === "ACCESS_DENIED");
  }
}

class Shown {
  readonly #seen = new Set<string>();

  get began(): boolean {
    return this.#seen.size > 0;
  }

  add(trace: TraceAnswer): void {
    this.clear();
    for (const { id, text } of [...linesOf(trace), ...stepsOf(trace)].toSorted((one, other) => one.at - other.at)) {
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      process.stderr.write(`  ${text}\n`);
    }
    const last = trace.records.findLast(({ name, endedAt }) => endedAt !== null && STEPS[name] !== undefined);
    if (last !== undefined) this.#draw(`… ${NEXT[last.name] ?? "going on"}, ${duration(Date.now() - (last.endedAt ?? 0))}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  }

  #draw(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`  ${text}`);
  }
}

interface Row {
  readonly id: string;
  readonly at: number;
  readonly text: string;
}

/** What building says; of one millisecond the trace has the newest first. */
function linesOf({ logs }: TraceAnswer): Row[] {
  const lines = logs.filter(({ component }) => component.startsWith("build."));
  return lines.toReversed().map(({ id, at, message }) => ({ id: `log ${id}`, at, text: `│ ${printable(message)}` }));
}

function stepsOf({ records }: TraceAnswer): Row[] {
  return records.flatMap(({ spanId, name, startedAt, endedAt, status }) => {
    const words = STEPS[name];
    if (words === undefined || endedAt === null) return [];
    const sign = status === "error" ? mark("red", "✗") : mark("green", "✓");
    return [{ id: spanId, at: endedAt, text: `${sign} ${words}, ${duration(endedAt - startedAt)}` }];
  });
}
