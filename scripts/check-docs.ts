/**
 * Keeps the reference in step with the code, both ways: every error code of a package and every environment variable that is read
 * has a line in docs/reference, and every line there names something that exists.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { composePages } from "../bench/page.ts";
import { EVENT_TYPES } from "../packages/streams/src/telemetry/events.ts";

const root = resolve(import.meta.dirname, "..");
/** The shell's and npm's own, read but not ours to document. */
const FOREIGN = new Set([
  "INIT_CWD",
  "HOME",
  "PATH",
  "USER",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "TERM",
  "NO_COLOR",
  "FORCE_COLOR",
  "CI",
  "LANG",
  "COLUMNS",
  "SSH_CONNECTION",
  "SSH_TTY",
  "BROWSER",
  "TMPDIR",
  "XDG_RUNTIME_DIR",
  "EDITOR",
  "VISUAL",
]);

const stale = await Promise.all(
  (await composePages()).map(async ({ file, wanted }) =>
    (await readFile(file, "utf8")) === wanted
      ? []
      : [`${basename(file.pathname)} is not what the saved benchmark runs say: npm run bench -- streams --save`],
  ),
);
const problems = [
  ...stale.flat(),
  ...compare("error code", errorCodes(), documented("errors.md"), "docs/reference/errors.md"),
  ...compare("event", new Set(EVENT_TYPES), events(), "docs/reference/events.md"),
  ...compare("variable", variables(), documented("environment.md"), "docs/reference/environment.md"),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

// Private

function compare(what: string, code: ReadonlySet<string>, docs: ReadonlySet<string>, file: string): string[] {
  const missing = [...code].filter((name) => !docs.has(name)).map((name) => `${what} ${name} is not in ${file}`);
  const stale = [...docs].filter((name) => !code.has(name)).map((name) => `${file} names ${what} ${name}, which the code does not have`);
  return [...missing, ...stale];
}

/** Names in the first column of the tables. */
function documented(file: string): Set<string> {
  const path = join(root, "docs", "reference", file);
  if (!existsSync(path)) return new Set();
  return new Set([...readFileSync(path, "utf8").matchAll(/^\| `([A-Z0-9_]+)`/gm)].map((match) => match[1] ?? ""));
}

function events(): Set<string> {
  const page = readFileSync(join(root, "docs", "reference", "events.md"), "utf8");
  return new Set([...page.matchAll(/^\| `([a-z_]+)`/gm)].map((match) => match[1] ?? ""));
}

function errorCodes(): Set<string> {
  const tables = ["streams", "gateway", "platform"]
    .map((name) => join(root, "packages", name, "src", "errors.ts"))
    .filter((path) => existsSync(path));
  return new Set(
    tables.flatMap((path) => [...readFileSync(path, "utf8").matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map((match) => match[1] ?? "")),
  );
}

/** A name counts as read where it is a string or a property of an environment: `env.NAME`, `env["NAME"]`, `text(env, "NAME")`, `pick("NAME", …)`. */
function variables(): Set<string> {
  const folders = ["streams", "gateway", "platform"].map((name) => join(root, "packages", name, "src"));
  const files = folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)));
  const code = files.filter((name) => /(?<!\.test)\.ts$/.test(name)).map((name) => readFileSync(name, "utf8"));
  const reads =
    /\benv(?:\.([A-Z][A-Z0-9_]+)\b|\["([A-Z][A-Z0-9_]+)"\])|\b(?:text|integer|number|port|read|choice|required)\w*\(env\w*, "([A-Z][A-Z0-9_]+)"|\bpick\("([A-Z][A-Z0-9_]+)"/g;
  const table = readFileSync(join(root, "packages/platform/src/config.ts"), "utf8").matchAll(
    /(?:fromEnvironment\(env|pick\((?:null|\[[^\]]*\])), "([A-Z][A-Z0-9_]+)"/g,
  );
  const names = code.flatMap((text) => [...text.matchAll(reads)].map((match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? ""));
  return new Set([...names, ...[...table].map((match) => match[1] ?? "")].filter((name) => !FOREIGN.has(name)));
}
