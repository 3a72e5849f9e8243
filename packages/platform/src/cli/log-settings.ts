/** `tidegate log level`, `sample` and `limit`: what is logged at all, changed while everything runs. */
import { InvalidArgumentError, Command } from "commander";
import type { LogSettings, LogSettingsRequest } from "../contract.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { level } from "./log-filters.ts";
import { line, paint, printJson, table } from "./output.ts";
import { settingsOf } from "./session.ts";

export function levelCommand(): Command {
  return new Command("level")
    .description("Show or change least levels; all programs notice within seconds. `*` stands for components without a level of their own.")
    .argument("[component]")
    .argument("[level]", "trace, debug, info, warn, error, critical, or default to take it back", orDefault(level))
    .action(async (component: string | undefined, to: ReturnType<typeof level> | null | undefined, _, command: Command) => {
      const change = component === "*" ? { level: to } : { levels: { [component ?? ""]: to } };
      await show(await settled(component, to, change as LogSettingsRequest), command);
    });
}

export function sampleCommand(): Command {
  return new Command("sample")
    .description("Write only a share of a component's entries; never of those from warn up. `edge:debug` is one level of it.")
    .argument("[component]")
    .argument("[share]", "0 to 1, or default to take it back", orDefault(share))
    .action(async (component: string | undefined, to: number | null | undefined, _, command: Command) => {
      await show(await settled(component, to, { samples: { [component ?? ""]: to ?? null } }), command);
    });
}

export function limitCommand(): Command {
  return new Command("limit")
    .description("Write at most so many entries of a component a second in each process. `edge:debug` is one level of it.")
    .argument("[component]")
    .argument("[per-second]", "a whole number, or default to take it back", orDefault(rate))
    .action(async (component: string | undefined, to: number | null | undefined, _, command: Command) => {
      await show(await settled(component, to, { limits: { [component ?? ""]: to ?? null } }), command);
    });
}

// Private

/** Without a value nothing is changed. */
async function settled(component: string | undefined, to: unknown, change: LogSettingsRequest): Promise<LogSettings> {
  const body = component === undefined || to === undefined ? undefined : change;
  return (await askInstance(runningInstance(), "/api/v1/logs/settings", body === undefined ? {} : { body })) as LogSettings;
}

// oxlint-disable-next-line typescript/require-await -- an action of commander
async function show(settings: LogSettings, command: Command): Promise<void> {
  if (settingsOf(command).json) return printJson(settings);
  line(`${paint("dim", "level of everything else:")} ${settings.level ?? "each program's own (LOG_LEVEL, else info)"}`);
  const names = [...new Set([...Object.keys(settings.levels), ...Object.keys(settings.samples), ...Object.keys(settings.limits)])].sort();
  if (names.length === 0) return;
  table(names, [
    { title: "COMPONENT", value: (name) => name },
    { title: "LEVEL", value: (name) => settings.levels[name] ?? "-" },
    { title: "SAMPLE", value: (name) => settings.samples[name] ?? "-" },
    { title: "LIMIT", value: (name) => (settings.limits[name] === undefined ? "-" : `${settings.limits[name]}/s`) },
  ]);
}

function orDefault<T>(parse: (text: string) => T): (text: string) => T | null {
  return (text) => (text === "default" ? null : parse(text));
}

function share(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a share from 0 to 1, or default.");
}

function rate(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number of entries a second, or default.");
}
