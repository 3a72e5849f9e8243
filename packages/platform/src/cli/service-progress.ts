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
  drain: "let old connections end",
  stop: "stop a container",
  remove: "remove a container",
  volumes: "remove volumes",
};

function mark(colour: "red" | "green", sign: string): string {
  return styleText(colour, sign, { stream: process.stderr });
}

function leftBehind(name: string): PlatformError {
  return new PlatformError("INTERRUPTED", "It goes on in the background.", { hint: `See how it ends: tidegate service show ${name}` });
}

async function watch(instance: FoundInstance, trace: string, over: AbortSignal): Promise<void> {
  const shown = new Shown();
  const look = async (): Promise<void> => {
    // Its first spans may not be stored yet, and what cannot be watched still happens.
    const found = await askInstance(instance, `/api/v1/traces/${trace}`).catch(() => null);
    if (found !== null) shown.add(found as TraceAnswer);
  };
  while (!over.aborted) {
    await pause(LOOK, undefined, { signal: over }).catch(() => {});
    if (!over.aborted) await look();
  }
  // Whoever has read half of it wants to know the end.
  if (shown.began) await look();
  shown.clear();
}

class Shown {
  readonly #seen = new Set<string>();

  get began(): boolean {
    return this.#seen.size > 0;
  }

  add({ records, logs }: TraceAnswer): void {
    this.clear();
    for (const { id, component, message } of logs) if (component.startsWith("build.")) this.#once(`log ${id}`, `│ ${printable(message)}`);
    for (const { spanId, name, startedAt, endedAt, status } of records) {
      const words = STEPS[name];
      if (words === undefined || endedAt === null) continue;
      this.#once(spanId, `${status === "error" ? mark("red", "✗") : mark("green", "✓")} ${words}, ${duration(endedAt - startedAt)}`);
    }
    const running = records.findLast(({ name, endedAt }) => endedAt === null && STEPS[name] !== undefined);
    if (running !== undefined) this.#draw(`… ${STEPS[running.name] ?? ""}, ${duration(Date.now() - running.startedAt)}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  }

  #once(id: string, text: string): void {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    process.stderr.write(`  ${text}\n`);
  }

  #draw(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`  ${text}`);
  }
}
