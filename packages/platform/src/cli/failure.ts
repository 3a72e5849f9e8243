/** How a command fails: one or two lines on stderr, or with `--json` one object there; stdout stays empty. */
import { styleText } from "node:util";
import { PlatformError, explain, exitCodeOf, toPlain } from "../errors.ts";
import { printable } from "./output.ts";

export function fail(error: unknown, json: boolean): void {
  process.exitCode = exitCodeOf(error);
  process.stderr.write(json ? asJson(error) : `${styleText("red", "✗", { stream: process.stderr })} ${printable(explain(error), "\n")}\n`);
}

/** A command written in a way it does not understand: exit code 2. */
export function usage(message: string, hint?: string): PlatformError {
  return new PlatformError("USAGE", message, hint === undefined ? {} : { hint });
}

// Private

function asJson(error: unknown): string {
  const { code, message, hint } = toPlain(error);
  return `${JSON.stringify({ error: { code, message, hint } })}\n`;
}
