/** Variables and labels. What looks like a secret is kept apart, whatever field it came in; `***` stands for a secret that is there already. */
import type { Sealed } from "../../store/entity.ts";
import { list, matching, record, text, wrong, type Fields } from "./fields.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9_./-]*$/;
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE/i;
/** `postgres://user:password@host`. */
const SECRET_VALUE = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i;
const HIDDEN = "***";
const MOST = { entries: 500, value: 65_536, all: 262_144 };

export interface Environment {
  readonly environment: Readonly<Record<string, string>>;
  /** Of before, where they stay. */
  readonly secret_environment: Readonly<Record<string, Sealed>>;
  /** New ones, not sealed yet. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * `environment` replaces what was there of it, and touches only the secrets it names; `secret_environment` replaces all secrets. In both, `null`
 * removes and `***` keeps a secret.
 */
export function readEnvironment(request: Fields, before: Pick<Environment, "environment" | "secret_environment">): Environment {
  const open = new Map(Object.entries(before.environment));
  const sealed = new Map(Object.entries(before.secret_environment));
  const secrets = new Map<string, string>();
  if (request["environment"] !== undefined) {
    open.clear();
    for (const [name, value] of variables(request["environment"], "environment")) {
      if (value !== HIDDEN || !sealed.has(name)) sealed.delete(name);
      if (value === null || (value === HIDDEN && sealed.has(name))) continue;
      const secret = SECRET_NAME.test(name) || SECRET_VALUE.test(value);
      (secret ? secrets : open).set(name, known(name, value));
    }
  }
  if (request["secret_environment"] !== undefined) {
    const given = variables(request["secret_environment"], "secret_environment");
    const kept = given.filter(([name, value]) => value === HIDDEN && sealed.has(name)).map(([name]) => name);
    for (const name of sealed.keys()) if (!kept.includes(name)) sealed.delete(name);
    for (const [name, value] of given) {
      open.delete(name);
      if (value !== null && !kept.includes(name)) secrets.set(name, known(name, value));
    }
  }
  limit([...open.values(), ...secrets.values()]);
  return { environment: plain(open), secret_environment: plain(sealed), secrets: plain(secrets) };
}

export function readBuildArgs(value: unknown): Record<string, string> {
  return plain(new Map(variables(value, "build_args").filter((row): row is [string, string] => row[1] !== null)));
}

export function readLabels(value: unknown): Record<string, string> {
  const labels = Object.entries(record(value, "labels"));
  list(labels, "labels", MOST.entries);
  for (const [name, found] of labels) {
    checkName(matching(name, "labels: a name", LABEL, "letters, digits, and . _ - /", 128), "labels");
    if (/^tidegate\./i.test(name)) throw wrong("labels: a name", "one that does not begin with tidegate., which are Tidegate's own", name);
    text(found, `labels.${name}`, 4096);
  }
  return Object.fromEntries(labels) as Record<string, string>;
}

// Private

function variables(value: unknown, field: string): [string, string | null][] {
  const entries = Object.entries(record(value, field));
  list(entries, field, MOST.entries);
  return entries.map(([name, found]) => {
    checkName(matching(name, `${field}: a name`, NAME, "letters, digits, and _ . -, not beginning with a digit", 256), field);
    return [name, found === null ? null : variable(found, `${field}.${name}`)];
  });
}

/** Numbers and truth values are what YAML and forms make of `1` and `true`. */
function variable(found: unknown, field: string): string {
  if (typeof found === "number" || typeof found === "boolean") return String(found);
  if (typeof found !== "string") throw wrong(field, "text", typeof found === "object" ? {} : found);
  return text(found, field, MOST.value);
}

/** The name that is none in JavaScript. */
function checkName(name: string, field: string): void {
  if (name === "__proto__") throw wrong(`${field}: a name`, "another one", name);
}

function known(name: string, value: string): string {
  if (value !== HIDDEN) return value;
  throw wrong(`environment.${name}`, "its value", value, "*** stands for a secret that the service has already; this one it has not.");
}

function limit(values: readonly string[]): void {
  const size = values.reduce((total, value) => total + value.length, 0);
  if (size > MOST.all) throw wrong("environment", `at most ${MOST.all} characters in all`, size);
}

function plain<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries(map);
}
