/**
 * Says where a value cannot be written as JSON, for people: `data.items[3].price is a BigInt`.
 * Only called when writing it has failed, so it may be slow. It looks at values as JSON.stringify does: toJSON first, own keys in order.
 */
import { types } from "node:util";

/** Null when nothing is found, for example because it is nested too deeply to be walked through. */
export function findUnwritable(value: unknown, path: string): string | null {
  try {
    return search(value, path, "", new Map());
  } catch {
    return null;
  }
}

// Private

type Above = Map<object, string>;

function search(given: unknown, path: string, key: string, above: Above): string | null {
  const { value, failure } = resolve(given, path, key);
  if (failure !== null) return failure;
  if (typeof value === "bigint") return `${path} is a BigInt`;
  if (typeof value === "string") return value.isWellFormed() ? null : `${path} has a lone surrogate, which is no valid text`;
  if (typeof value !== "object" || value === null) return null;
  const seen = above.get(value);
  if (seen !== undefined) return `${path} refers back to ${seen}`;
  above.set(value, path);
  const found = Array.isArray(value) ? searchList(value, path, above) : searchKeys(value, path, above);
  above.delete(value);
  return found;
}

function searchList(list: readonly unknown[], path: string, above: Above): string | null {
  for (let index = 0; index < list.length; index++) {
    const found = search(list[index], `${path}[${index}]`, String(index), above);
    if (found !== null) return found;
  }
  return null;
}

function searchKeys(value: object, path: string, above: Above): string | null {
  for (const key of Object.keys(value)) {
    const at = PLAIN.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
    if (!key.isWellFormed()) return `${at} has a key with a lone surrogate, which is no valid text`;
    const { value: inner, failure } = read(value, key, at);
    const found = failure ?? search(inner, at, key, above);
    if (found !== null) return found;
  }
  return null;
}

const PLAIN = /^[\p{L}_$][\p{L}\d_$]*$/u;

interface Outcome {
  readonly value: unknown;
  readonly failure: string | null;
}

function read(object: object, key: string, path: string): Outcome {
  try {
    return { value: (object as Record<string, unknown>)[key], failure: null };
  } catch (thrown) {
    return { value: null, failure: `${path} cannot be read: ${textOf(thrown)}` };
  }
}

function resolve(value: unknown, path: string, key: string): Outcome {
  if ((typeof value !== "object" && typeof value !== "bigint") || value === null) return { value, failure: null };
  try {
    const { toJSON } = value as { toJSON?: unknown };
    return { value: unboxed(typeof toJSON === "function" ? (toJSON.call(value, key) as unknown) : value), failure: null };
  } catch (thrown) {
    return { value: null, failure: `${path}.toJSON() threw: ${textOf(thrown)}` };
  }
}

/** `new String("x")` and `Object(1n)` are written as what they hold. */
function unboxed(value: unknown): unknown {
  return types.isStringObject(value) || types.isBigIntObject(value) ? value.valueOf() : value;
}

function textOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0] ?? "";
}
