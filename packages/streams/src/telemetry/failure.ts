/** An error as fields: name, code, message, stack and causes, each bounded. Never throws, whatever the error's own getters do. */
import { types } from "node:util";
import type { Redactor } from "./redact.ts";
import type { Fields } from "./telemetry.ts";

/** Causes and errors of an aggregate, in all. */
const CAUSES = 8;
const WORD = 128;
const MESSAGE = 4_096;
const STACK = 8_192;

/** Also of another realm, as tests and `vm` have them. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

export function describeError(error: Error, redactor: Redactor): Fields {
  const causes = causesOf(error, redactor);
  return { ...headOf(error, redactor), stack: cut(error, "stack", STACK, redactor), ...(causes.length > 0 ? { causes } : {}) };
}

// Private

function headOf(error: object, redactor: Redactor): Fields {
  const code = read(error, "code");
  return {
    name: cut(error, "name", WORD, redactor),
    code: typeof code === "number" ? code : cut(error, "code", WORD, redactor),
    message: cut(error, "message", MESSAGE, redactor) ?? "",
  };
}

/** Breadth first, each once. */
function causesOf(error: Error, redactor: Redactor): unknown[] {
  const seen = new Set<unknown>([error]);
  const found: unknown[] = [];
  for (const one of seen) {
    if (found.length === CAUSES) break;
    if (one !== error) found.push(isError(one) ? headOf(one, redactor) : one);
    if (isError(one)) for (const next of nextOf(one)) seen.add(next);
  }
  return found;
}

function nextOf(error: Error): unknown[] {
  const cause = read(error, "cause");
  const errors = read(error, "errors");
  return [...(cause === undefined || cause === null ? [] : [cause]), ...(Array.isArray(errors) ? errors.slice(0, CAUSES) : [])];
}

function read(source: object, name: string): unknown {
  try {
    return (source as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Redacted before it is cut: half a secret is one too. */
function cut(source: object, name: string, most: number, redactor: Redactor): string | undefined {
  const text = read(source, name);
  if (typeof text !== "string") return undefined;
  const safe = redactor.text(text.slice(0, 2 * most));
  return safe.length <= most ? safe : `${safe.slice(0, most)}… [of ${text.length} characters]`;
}
