/** `tidegate migrate`: a topic from an earlier system to Tidegate, in shadow first, and back if need be. */
import { setTimeout as pause } from "node:timers/promises";
import { Argument, Command, Option } from "commander";
import { openStore, type Store, type Tide } from "@tidegate/streams";
import { PlatformError } from "../errors.ts";
import { BullPlace } from "../migration/bullmq-place.ts";
import { Migration, migrationKey, MODES, setMode, type Mode } from "../migration/migration.ts";
import type { Place } from "../migration/place.ts";
import { StreamPlace } from "../migration/stream-place.ts";
import { count, counted, facts, line, paint, printJson } from "./output.ts";
import { openTide, settingsOf, type Settings } from "./session.ts";

interface Source {
  readonly from: string;
  readonly fromNamespace: string;
  readonly bullmq?: string;
  readonly prefix: string;
  readonly since: "beginning" | "now";
}

export function migrateCommand(): Command {
  const migrate = new Command("migrate").description("Move a topic from the Python client's streams or a BullMQ queue, step by step.");
  withSource(
    migrate.command("run").description("Copy what is written, as the mode says, until Ctrl-C. Several may run.").argument("<topic>"),
  )
    .addOption(new Option("--since <when>", "what to begin with, at the very first start").choices(["beginning", "now"]).default("now"))
    .action(run);
  migrate
    .command("mode")
    .description("Show or change the mode: shadow (the old system is in charge), live (Tidegate is), off. Back again to roll back.")
    .argument("<topic>")
    .addArgument(new Argument("[mode]").choices(MODES))
    .action(mode);
  withSource(
    migrate.command("compare").description("Compare what was copied on both sides; exit code 1 if they differ.").argument("<topic>"),
  ).action(compare);
  return migrate;
}

// Private

/** Milliseconds between two looks while nothing comes. */
const IDLE = 200;

function withSource(command: Command): Command {
  return command
    .requiredOption("--from <url>", "Redis of the old system: redis://…")
    .option("--from-namespace <name>", "first part of the Python client's keys", "opsconductor")
    .option("--bullmq <queue>", "a BullMQ queue instead")
    .option("--prefix <prefix>", "BullMQ's prefix", "bull");
}

async function run(topic: string, source: Source, command: Command): Promise<void> {
  const settings = settingsOf(command);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  await withMigration(topic, source, settings, async (migration, old) => {
    await migration.begin(source.since);
    if (!settings.json) line(`${old.name} → ${topic}, mode ${(await migration.state()).mode}. Ctrl-C stops; the next run goes on here.`);
    const totals = { forth: 0, back: 0 };
    while (!interrupt.signal.aborted) {
      const step = await migration.step();
      if (step.forth + step.back > 0) tell(step, totals, settings.json);
      else await pause(IDLE, undefined, { signal: interrupt.signal }).catch(() => {});
    }
    if (!settings.json) line(`stopped: ${counted(totals.forth, "message")} copied here, ${count(totals.back)} back`);
  });
}

function tell(step: { mode: Mode; forth: number; back: number }, totals: { forth: number; back: number }, json: boolean): void {
  totals.forth += step.forth;
  totals.back += step.back;
  if (json) printJson(step);
  else line(`${step.mode}: ${count(step.forth)} copied here, ${count(step.back)} back`);
}

async function mode(topic: string, wanted: Mode | undefined, _: unknown, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const store = tide.store("migrate");
  const key = migrationKey(tide.namespace, topic);
  if (Number(await store.ask(["EXISTS", key])) === 0) throw unknown(topic);
  if (wanted !== undefined) await setMode(store, tide.namespace, topic, wanted);
  const reply = (await store.ask(["HMGET", key, "mode", "from", "started_at"])) as (string | null)[];
  const [now, from, startedAt] = reply;
  if (settings.json) return printJson({ topic, mode: now ?? "shadow", from, started_at: Number(startedAt) });
  facts([
    ["topic", topic],
    ["mode", now ?? "shadow"],
    ["from", from ?? ""],
    ["since", new Date(Number(startedAt)).toISOString()],
  ]);
}

async function compare(topic: string, source: Source, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await withMigration(topic, source, settings, async (migration) => {
    const found = await migration.compare();
    const wrong = found.missing.length + found.different.length;
    if (wrong > 0) process.exitCode = 1;
    if (settings.json) return printJson(found);
    if (wrong === 0) return line(`${paint("green", "✓")} ${counted(found.compared, "message")} the same on both sides`);
    line(
      `${paint("red", "✗")} of ${counted(found.compared, "message")} ${found.missing.length} missing, ${found.different.length} different:`,
    );
    for (const origin of [...found.missing, ...found.different].slice(0, 20)) line(`  ${origin}`);
  });
}

async function withMigration(
  topic: string,
  source: Source,
  settings: Settings,
  act: (migration: Migration, old: Place) => Promise<void>,
): Promise<void> {
  await using tide = await openTide(settings);
  const store = await openStore(source.from, "--from");
  const old = oldPlace(topic, source, store);
  try {
    await refuseItself(tide, source, store);
    const ours = await ourPlace(tide, topic);
    await act(new Migration({ old, ours, store: tide.store("migrate"), namespace: tide.namespace, topic }), old);
  } finally {
    await old.close();
  }
}

async function ourPlace(tide: Tide, topic: string): Promise<Place> {
  const form = (await tide.settings(topic)).lanes ? "lanes" : "shared";
  return new StreamPlace({ store: tide.store("migrate.ours"), name: topic, namespace: tide.namespace, topic, form });
}

function oldPlace(topic: string, { from: url, fromNamespace: namespace, bullmq: queue, prefix }: Source, store: Store): Place {
  if (queue !== undefined) return new BullPlace({ store, name: `BullMQ queue ${queue}`, url, queue, prefix });
  return new StreamPlace({ store, name: `${namespace}:${topic}:events`, namespace, topic, form: "python" });
}

/** One stream cannot be copied into itself. */
async function refuseItself(tide: Tide, { fromNamespace, bullmq }: Source, old: Store): Promise<void> {
  if (bullmq !== undefined || fromNamespace !== tide.namespace) return;
  const [theirs, ours] = await Promise.all([old.ask(["INFO", "server"]), tide.serverInfo()]);
  if (/run_id:(\S+)/.exec(String(theirs))?.[1] !== ours["run_id"]) return;
  throw new PlatformError("USAGE", `Both sides are the namespace ${tide.namespace} of the same Redis.`, {
    hint: "Name another one for Tidegate: --namespace tidegate. Where both share a topic, nothing needs copying: see docs/guides/from-the-python-client.md",
  });
}

function unknown(topic: string): PlatformError {
  return new PlatformError("NOT_FOUND", `No migration of the topic "${topic}" has begun.`, {
    hint: `Begin one: tidegate migrate run ${topic} --from redis://old-server:6379`,
  });
}
