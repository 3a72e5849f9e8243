/** Logs as a person and a script meet them: a real Tidegate, a program that logs, `tidegate log` and the recipes of the justfile. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, type Tide } from "@tidegate/streams";
import type { LogEntry, LogSettings, LogStatsAnswer } from "../../packages/platform/src/contract.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = join(ROOT, "packages/platform/bin/tidegate.js");
const JUST = join(ROOT, "node_modules/.bin/just");
const bed = new AsyncDisposableStack();
let data: string;
let token: string;
let tide: Tide;

before(async () => {
  data = await mkdtemp(join(tmpdir(), "tidegate-log-system-"));
  bed.defer(() => rm(data, { recursive: true, force: true }));
  const args = ["up", "--no-demo", "--no-open", "--port", "0", "--redis-port", "0", "--data", data];
  const program = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  bed.defer(() => ended(program, "SIGTERM"));
  await says(program, /Console/);
  token = (await read("admin-token")).trim();
  const { redisUrl } = await instance();
  tide = bed.use(await connect({ url: redisUrl, password: (await read("redis-password")).trim(), namespace: "logs", service: "shop" }));
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
  for (const verb of ["search", "follow"]) assert.equal((await run(PROGRAM, ["log", verb], { ADMIN_TOKEN: "wrong" })).code, 4, verb);
});

test("a level changed here is in force in another program", async () => {
  const logger = tide.logger("quiet");
  assert.equal(logger.enabled("debug"), false);
  const { stdout } = await tidegate("log", "level", "quiet", "debug", "--json");
  assert.deepEqual((JSON.parse(stdout) as LogSettings).levels, { quiet: "debug" });
  await until(() => Promise.resolve(logger.enabled("debug")));
  await tidegate("log", "level", "quiet", "default");
  await until(() => Promise.resolve(!logger.enabled("debug")));
});

test("follow shows what comes, each entry once and without a gap while the control process is killed; Ctrl-C ends it with 130", async () => {
  const child = start(PROGRAM, ["log", "follow", "--component", "followed", "--json"], {});
  const [summary, lines] = [text(child.stderr), createInterface({ input: child.stdout })[Symbol.asyncIterator]()];
  const next = async (): Promise<string> => {
    const { value } = await lines.next();
    return (JSON.parse(value ?? "null") as LogEntry).message;
  };
  try {
    const logger = tide.logger("followed");
    logger.info("0");
    assert.equal(await next(), "0");
    process.kill((await instance()).children.control, "SIGKILL");
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
    async () => jsonLines<LogStatsAnswer>((await tidegate("log", "stats", "--hours", "1", "--json")).stdout)[0]?.status_codes["503"] === 1,
  );
  const stats = await run(JUST, ["logs-stats", "1", token], {});
  assert.equal(stats.code, 0, stats.stderr);
  assert.match(stats.stdout, /requests +\d+[\s\S]*status codes .*200 \d+.*503 1[\s\S]*\n\/orders\/\d+\s+1\s/);
  assert.equal((await run(JUST, ["logs-stats", "1", "wrong"], {})).code, 4);
  assert.match((await run(JUST, ["logs-ip", "10.0.0.3", "1", "2", token], {})).stdout, /^(.*\n){2}$/);
  assert.match((await run(JUST, ["logs-search", 'it\'s a "$HOME"', "1", "5", token], {})).stderr, /Nothing found/);
  const { stdout } = await run(JUST, ["--summary"], {});
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

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(program: string, args: readonly string[], more: Record<string, string>): ChildProcessByStdio<null, Readable, Readable> {
  const { PATH, HOME } = process.env;
  const command = program === PROGRAM ? [process.execPath, PROGRAM] : [program];
  return spawn(command[0] ?? "", [...command.slice(1), ...args], {
    cwd: ROOT,
    env: { PATH, HOME, TIDEGATE_DATA: data, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function run(program: string, args: readonly string[], more: Record<string, string>): Promise<Result> {
  const child = start(program, args, more);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

function tidegate(...args: string[]): Promise<Result> {
  return run(PROGRAM, args, {});
}

function read(name: string): Promise<string> {
  return readFile(join(data, name), "utf8");
}

async function instance(): Promise<{ redisUrl: string; children: { control: number } }> {
  return JSON.parse(await read("instance.json")) as { redisUrl: string; children: { control: number } };
}

async function says(child: ChildProcessByStdio<null, Readable, Readable>, what: RegExp): Promise<void> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += String(chunk)) && child.emit("said"));
  while (!what.test(said)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${said}`);
    await once(child, "said", { signal: AbortSignal.timeout(30_000) });
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "exit");
}

async function until(check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error("it did not come true in 15 seconds");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function jsonLines<T>(output: string): T[] {
  return output
    .split("\n")
    .filter((one) => one !== "")
    .map((one) => JSON.parse(one) as T);
}
