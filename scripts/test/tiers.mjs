// The tiers of the test suite, cheapest first. A file's suffix or folder says which tier it is in; Python is no tier of its own:
// the tests that need it are among the redis tier's, so they run against both servers.
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { repository } from "../setup/step.mjs";

const minutes = 60_000;

/**
 * `limit` is for the whole tier, `each` for one test; `files` matches paths relative to the repository. `parallel` files run at once,
 * counted for two cores: tests that mostly wait for servers and clocks go four at a time, those that keep cores busy two.
 */
export const TIERS = [
  {
    name: "pure",
    limit: 3 * minutes,
    each: 30_000,
    parallel: 2,
    files: (path) => suffix(path) === "" && !/^tests\/(system|browser)\//.test(path),
  },
  {
    name: "redis",
    limit: 7 * minutes,
    each: 60_000,
    parallel: 4,
    files: (path) => suffix(path) === "redis",
    env: { TIDEGATE_TEST_SERVER: "redis-server" },
  },
  {
    name: "valkey",
    limit: 7 * minutes,
    each: 60_000,
    parallel: 4,
    files: (path) => suffix(path) === "redis" && speaksRedis(path),
    env: { TIDEGATE_TEST_SERVER: "valkey-server" },
  },
  {
    // A Docker Engine per file.
    name: "docker",
    limit: 6 * minutes,
    each: 120_000,
    parallel: 3,
    files: (path) => suffix(path) === "docker",
  },
  {
    name: "system",
    limit: 10 * minutes,
    each: 180_000,
    parallel: 2,
    files: (path) => !inBrowser(path) && (suffix(path) === "system" || (suffix(path) === "" && path.startsWith("tests/system/"))),
  },
  {
    name: "browser",
    limit: 5 * minutes,
    each: 120_000,
    parallel: 2,
    files: inBrowser,
  },
];

/** Every test file that contains one of the filters in its path; without filters every one. */
export function testFiles(filters) {
  const all = ["packages", "examples", "scripts", "tests", "bench"].flatMap((folder) => walk(join(repository, folder)));
  const paths = all.map((path) => relative(repository, path)).sort((one, other) => one.localeCompare(other));
  return filters.length === 0 ? paths : paths.filter((path) => filters.some((filter) => path.includes(filter.replace(/^\.\//, ""))));
}

// Private

function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : walk(join(folder, entry.name));
    return entry.name.endsWith(".test.ts") ? [join(folder, entry.name)] : [];
  });
}

/** What is above the layer that speaks Redis is the same for both servers: commands, REST, examples. */
function speaksRedis(path) {
  return !/^packages\/platform\/src\/(cli|rest|live|migration|worker)\/|^tests\/examples\//.test(path);
}

function inBrowser(path) {
  return suffix(path) === "browser" || (path.startsWith("tests/browser/") && suffix(path) !== "docker");
}

function suffix(path) {
  return /\.(redis|docker|system|browser)\.test\.ts$/.exec(path)?.[1] ?? "";
}
