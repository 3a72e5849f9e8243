/** Asks before something that cannot be taken back; without a terminal only `--yes` is an answer. */
import { createInterface } from "node:readline/promises";
import { PlatformError } from "../errors.ts";
import { usage } from "./failure.ts";

/** `act` is a sentence's end: "discard 12 dead letters". Rejects with USAGE or INTERRUPTED unless the answer is yes. */
export async function confirm(act: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage(`This would ${act}, and there is no terminal to ask at.`, "Add --yes if that is what you want.");
  if (!(await ask(`This will ${act}. Go on? [y/N] `))) throw new PlatformError("INTERRUPTED", "Nothing was changed.");
}

// Private

async function ask(question: string): Promise<boolean> {
  using terminal = createInterface({ input: process.stdin, output: process.stderr });
  const interrupt = new AbortController();
  terminal.once("SIGINT", () => interrupt.abort());
  const answer = await terminal.question(question, { signal: interrupt.signal }).catch(() => "");
  return /^y(es)?$/i.test(answer.trim());
}
