/** `tidegate dlq edit`: one dead letter is mended and sent back. Without new data on the command line an editor opens on the old. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { DeadLetter, DeadLetterEdit } from "@tidegate/streams";
import { letterOf, unknownLetter } from "./dlq-letter.ts";
import { PlatformError } from "../errors.ts";
import { usage } from "./failure.ts";
import { parseData } from "./json-data.ts";
import { line, paint, printJson } from "./output.ts";
import { openTide, settingsOf } from "./session.ts";

export function editCommand(dlq: Command): void {
  dlq
    .command("edit")
    .description("Change one dead letter and send it back to the group that failed. Without data or --type an editor opens.")
    .argument("<id>")
    .argument("[data]", "the new data as JSON; - reads it from stdin")
    .option("--type <type>", "the new type")
    .action(edit);
}

// Private

async function edit(id: string, data: string | undefined, flags: { type?: string }, command: Command): Promise<void> {
  const settings = settingsOf(command);
  await using tide = await openTide(settings);
  const change = await changeOf(await letterOf(tide, id), data, flags.type);
  const answer = await tide.deadLetters.replay({ ids: [id] }, { edit: change });
  if (answer.replayed === 0) throw unknownLetter(id);
  if (settings.json) printJson(answer);
  else line(`${paint("green", "✓")} changed and replayed ${id}`);
}

async function changeOf(letter: DeadLetter, data: string | undefined, type: string | undefined): Promise<DeadLetterEdit> {
  const named = type === undefined ? {} : { type };
  if (data !== undefined) return { ...named, data: parseData(data === "-" ? await text(process.stdin) : data) };
  if (type !== undefined) return named;
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw usage("What is to change?", `Give the new data or --type: tidegate dlq edit ${letter.id} '{"some":"data"}'`);
  return { data: await edited(letter) };
}

async function edited(letter: DeadLetter): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-edit-"));
  try {
    const file = join(folder, `${letter.id}.json`);
    const before = letter.message === null ? (letter.raw["data"] ?? "") : JSON.stringify(letter.message.data, null, 2);
    await writeFile(file, `${before}\n`, { mode: 0o600 });
    await openEditor(file);
    const after = await readFile(file, "utf8");
    if (after.trim() === before.trim()) throw new PlatformError("INTERRUPTED", "Nothing was changed, so nothing was replayed.");
    return parseData(after);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function openEditor(file: string): Promise<void> {
  const program = process.env["VISUAL"] || process.env["EDITOR"] || "vi";
  // An editor is often set with options of its own, such as `code --wait`.
  const child = spawn("/bin/sh", ["-c", `${program} "$0"`, file], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new PlatformError("INTERRUPTED", `The editor ${program} ended with ${String(code)}; nothing was replayed.`);
}
