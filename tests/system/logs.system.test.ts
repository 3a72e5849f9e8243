/** Logs as a person and a script meet them: a real Tidegate, a program that logs, `tidegate log` and the recipes of the justfile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { connect, type Tide } from "@tidegate/streams";
import type { LogEntry, LogSettings, LogStatsAnswer } from "../../packages/platform/src/contract.ts";
import { until } from "../../packages/streams/src/testing/events.ts";
import { Program, type Result } from "./program.ts";

const bed = new AsyncDisposableStack();
let program: Program;
let token: string;
let tide: Tide;

before(async () => {
  program = bed.use(await Program.up());
  token = await program.read("admin-token");
  const { redisUrl } = await program.instance();
  tide = bed.use(await connect({ url: redisUrl, password: await program.read("redis-password"), namespace: "logs", service: "shop" }));
  const logger = tide.logger("checkout");
  for (let n = 0; n < 20; n++)
    logger.response({
      method: "GET",
      path: `/orders/${n}`,
      host: "shop.example",
      ip: `10.0.0.${n % 5}`,
      status: n === 7 ? 503 : 200,
      duration: n,
    });
  logger.warn("a \u001b[31mred\u001b[0m herring\nsecond line", { orderId: 7 });
  await tide.flush();
});

after(() => bed.disposeAsync());

const FOUND: readonly (readonly [args: string, rows: number])[] = [
  ["search --component checkout", 21],
  ["search herring --component checkout", 1],
  ["search --component checkout --status 5xx", 1],
  ["search --component checkout --path /orders/1*", 11],
  ["search --event service_started --limit 1", 1],
  ["ip 10.0.0.3", 4],
  ["host shop.example --limit 3", 3],
  ["errors --component checkout", 1],
  ["errors --component checkout --warnings", 2],
  ["client nobody", 0],
];

for (const [args, rows] of FOUND)
  test(`log ${args} --json prints ${rows} entries, one a line, the newest last`, async () => {
    const { code, stdout, stderr } = await tidegate("log", ...args.split(" "), "--json");
    assert.equal(code, 0, stderr);
    const entries = jsonLines<LogEntry>(stdout);
    assert.equal(entries.length, rows);
    assert.deepEqual(
      entries.map(({ at }) => at),
      entries.map(({ at }) => at).toSorted((a, b) => a - b),
    );
  });

test("what a person sees is one line an entry, control characters escaped", async () => {
  const { stdout } = await tidegate("log", "search", "herring", "--component", "checkout");
  assert.match(stdout, /^[\d-]+ [\d:.]+ WARN +checkout a \\e\[31mred\\e\[0m herring\\nsecond line orderId=7\n$/);
  const { stdout: answer } = await tidegate("log", "search", "--component", "checkout", "--status", "503");
  assert.match(answer, /ERROR +checkout GET shop\.example\/orders\/7 503 7\.0 ms ip=10\.0\.0\.2/);
});

const MISTAKES: readonly (readonly [args: string, exitCode: number, code: string])[] = [
  ["search --level loud", 2, "USAGE"],
  ["search --hours 999", 2, "USAGE"],
  ["search --cursor abc", 2, "INVALID_POSITION"],
  ["search --from 2026-02-01 --to 2026-01-01", 2, "INVALID_POSITION"],
  ["search --status 6xx", 2, "INVALID_REQUEST"],
  ["level checkout loud", 2, "USAGE"],
];

for (const [args, exitCode, code] of MISTAKES)
  test(`log ${args} is ${code}, exit code ${exitCode}`, async () => {
    const result = await tidegate("log", ...args.split(" "), "--json");
    assert.deepEqual([result.code, result.stdout], [exitCode, ""]);
    assert.equal((JSON.parse(result.stderr) as { error: { code: string } }).error.code, code);
  });

test("a wrong token is refused with exit code 4", async () => {
  for (const verb of ["search", "follow"]) assert.equal((await program.tidegate(["log", verb], { ADMIN_TOKEN: "wrong" })).code, 4, verb);
});

test("a level changed here is in force in another program", async () => {
  const logger = tide.logger("quiet");
  assert.equal(logger.enabled("debug"), false);
  const { stdout } = await tidegate("log", "level", "quiet", "debug", "--json");
  assert.deepEqual((JSON.parse(stdout) as LogSettings).levels, { quiet: "debug" });
  await until("the level is in force", () => Promise.resolve(logger.enabled("debug")));
  await tidegate("log", "level", "quiet", "default");
  await until("the level is the standard one", () => Promise.resolve(!logger.enabled("debug")));
});

test("follow shows what comes, each entry once and without a gap while the control process is killed; Ctrl-C ends it with 130", async () => {
  const child = program.start(["log", "follow", "--component", "followed", "--json"]);
  const [summary, lines] = [text(child.stderr), createInterface({ input: child.stdout })[Symbol.asyncIterator]()];
  const next = async (): Promise<string> => {
    const { value } = await lines.next();
    return (JSON.parse(value ?? "null") as LogEntry).message;
  };
  try {
    const logger = tide.logger("followed");
    logger.info("0");
    assert.equal(await next(), "0");
    process.kill((await program.instance()).children.control, "SIGKILL");
    for (let n = 1; n <= 120; n++) logger.info(String(n));
    await tide.flush();
    for (let n = 1; n <= 120; n++) assert.equal(await next(), String(n));
    logger.info("last");
    assert.equal(await next(), "last");
  } finally {
    child.kill("SIGINT");
  }
  assert.deepEqual(await once(child, "close"), [130, null]);
  assert.match(await summary, /connecting again[\s\S]*122 entries shown/);
});

test("the recipes of the earlier systems answer: just logs-stats 1 <token>", async () => {
  await until(
    "the failure is counted",
    async () => jsonLines<LogStatsAnswer>((await tidegate("log", "stats", "--hours", "1", "--json")).stdout)[0]?.status_codes["503"] === 1,
  );
  const stats = await program.just("logs-stats", "1", token);
  assert.equal(stats.code, 0, stats.stderr);
  assert.match(stats.stdout, /requests +\d+[\s\S]*status codes .*200 \d+.*503 1[\s\S]*\n\/orders\/\d+\s+1\s/);
  assert.equal((await program.just("logs-stats", "1", "wrong")).code, 4);
  assert.match((await program.just("logs-ip", "10.0.0.3", "1", "2", token)).stdout, /^(.*\n){2}$/);
  assert.match((await program.just("logs-search", 'it\'s a "$HOME"', "1", "5", token)).stderr, /Nothing found/);
  const { stdout } = await program.just("--summary");
  for (const recipe of [
    "logs",
    "logs-ip",
    "logs-host",
    "logs-client",
    "logs-errors",
    "logs-follow",
    "logs-search",
    "logs-stats",
    "health",
    "up",
    "test",
  ])
    assert.ok(stdout.split(/\s+/).includes(recipe), recipe);
});

// Private

function tidegate(...args: string[]): Promise<Result> {
  return program.tidegate(args);
}

function jsonLines<T>(output: string): T[] {
  return output
    .split("\n")
    .filter((one) => one !== "")
    .map((one) => JSON.parse(one) as T);
}
