/**
 * A team's handlers file, loaded and checked: a plain TypeScript or JavaScript module whose default export (or `handlers`) says
 * which function handles which event of which topic. TypeScript goes through Node's type stripping; nothing is compiled.
 *
 *   export default { identity: { user_created: (message, context) => … , "*": … }, assets: (message) => … }
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ConsumeOptions, Handler } from "@tidegate/streams";
import { PlatformError, messageOf } from "../errors.ts";

/** `{ [topic]: handler }` or `{ [topic]: { [eventType | "*"]: handler } }` */
export type Handlers = Readonly<Record<string, Handler | Readonly<Record<string, Handler>>>>;

export interface HandlersFile {
  readonly path: string;
  readonly topics: ReadonlyMap<string, Handler>;
  /** What the file exports as `options`. */
  readonly options: ConsumeOptions;
}

/** Rejects with INVALID_HANDLERS, naming the file and, where Node tells it, the line. */
export async function loadHandlers(file: string, folder: string): Promise<HandlersFile> {
  const path = resolve(folder, file);
  if (!existsSync(path))
    throw new PlatformError("INVALID_HANDLERS", `There is no handlers file ${path}.`, {
      hint: "Give the path of a module: tidegate worker ./handlers.ts",
    });
  const module = await load(path);
  const exported = module["default"] ?? module["handlers"];
  if (!isObject(exported)) throw broken(path, "exports no handlers");
  const topics = new Map(Object.entries(exported).map(([topic, value]) => [topic, handlerOf(path, topic, value)]));
  if (topics.size === 0) throw broken(path, "handles no topic");
  const options = module["options"] ?? {};
  if (!isObject(options)) throw broken(path, "exports `options` that are no object");
  return { path, topics, options };
}

// Private

type Exports = Readonly<Record<string, unknown>>;

async function load(path: string): Promise<Exports> {
  try {
    return (await import(pathToFileURL(path).href)) as Exports;
  } catch (error) {
    const place = placeOf(error, path);
    throw new PlatformError("INVALID_HANDLERS", `The handlers file ${place} cannot be loaded: ${firstLine(error)}`, {
      cause: error,
      hint: hintFor(error),
    });
  }
}

function handlerOf(path: string, topic: string, value: unknown): Handler {
  if (typeof value === "function") return value as Handler;
  if (!isObject(value)) throw broken(path, `has for the topic "${topic}" neither a function nor an object of functions`);
  const byType = new Map(Object.entries(value));
  for (const [type, handler] of byType) {
    if (typeof handler !== "function") throw broken(path, `has for "${topic}" and "${type}" no function`);
  }
  return dispatch(byType as Map<string, Handler>);
}

/** An event nobody named is acknowledged: it was published for somebody else's group. */
function dispatch(byType: ReadonlyMap<string, Handler>): Handler {
  const rest = byType.get("*");
  return (message, context) => (byType.get(message.type) ?? rest)?.(message, context);
}

function broken(path: string, what: string): PlatformError {
  return new PlatformError("INVALID_HANDLERS", `The handlers file ${path} ${what}.`, {
    hint: "Write: export default { identity: { user_created: async (message) => { … } } };",
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A syntax error names `file:line` first in its stack, a thrown one in its first frame. */
function placeOf(error: unknown, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const at = [path, pathToFileURL(path).href]
    .map((name) => stack.indexOf(`${name}:`) + name.length + 1)
    .find((end) => /^\d/.test(stack.slice(end)));
  const line = at === undefined ? undefined : /^\d+/.exec(stack.slice(at))?.[0];
  return line === undefined ? path : `${path}:${line}`;
}

function firstLine(error: unknown): string {
  return (
    messageOf(error)
      .trim()
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? "unknown error"
  );
}

function hintFor(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ERR_MODULE_NOT_FOUND") return "Install the package, or write the import with its file ending, for example ./orders.ts.";
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return "Node only strips types: enums, namespaces and parameter properties must be written as plain JavaScript.";
  return "Mend it and start the worker again; DEBUG=1 shows the whole stack.";
}
