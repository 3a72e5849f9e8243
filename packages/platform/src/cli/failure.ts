/** How a command fails: one or two lines on stderr, or with `--json` one object there; stdout stays empty. */
import { styleText } from "node:util";
import { PlatformError, explain, exitCodeOf, toPlain } from "../errors.ts";
import { printable } from "./output.ts";

export function fail(error: unknown, json: boolean): void {
  process.exitCode = exitCodeOf(error);
  if (json) return void process.stderr.write(asJson(error));
  process.stderr.write(`${styleText("red", "✗", { stream: process.stderr })} ${printable(explain(error), "\n")}\n`);
  for (const line of logTailOf(error)) process.stderr.write(`${styleText("dim", `  │ ${printable(line)}`, { stream: process.stderr })}\n`);
}

/** A command written in a way it does not understand: exit code 2. */
export function usage(message: string, hint?: string): PlatformError {
  return new PlatformError("USAGE", message, hint === undefined ? {} : { hint });
}

// Private

function asJson(error: unknown): string {
  const { code, message, hint } = toPlain(error);
  const tail = logTailOf(error);
  return `${JSON.stringify({ error: { code, message, hint, ...(tail.length === 0 ? {} : { log_tail: tail }) } })}\n`;
}

/** Last lines of the build or the container that failed. */
function logTailOf(error: unknown): readonly string[] {
  return error instanceof Error && "logTail" in error && Array.isArray(error.logTail) ? error.logTail.map(String) : [];
}
