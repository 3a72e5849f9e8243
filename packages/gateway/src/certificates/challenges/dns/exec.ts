/**
 * Leaves the TXT record to a program: `<command> present|clean <record name> <value>`, the same also as ACME_ACTION, ACME_NAME and ACME_VALUE. No shell
 * reads it, and of our environment it sees PATH and HOME only: what else is in there are secrets of ours. Exit code 0 means done.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { challengeFailed, wordsOf } from "../failed.ts";
import type { TxtRecord, TxtWriter } from "./writer.ts";

type Action = "present" | "clean";

/** Milliseconds: for all of it; from being asked to end until being ended; for its last words after its end. */
const LIMIT = 60_000;
const GRACE = 2_000;
const LAST_WORDS = 500;
/** Of what it says on stderr. */
const MOST_CHARACTERS = 4_000;
const MOST_LINES = 10;

export class ExecWriter implements TxtWriter {
  readonly #command: string;
  readonly #limit: number;

  /** `limit`: milliseconds. */
  constructor(command: string, limit: number = LIMIT) {
    this.#command = command;
    this.#limit = limit;
  }

  present(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#run("present", record, signal);
  }

  clean(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#run("clean", record, signal);
  }

  // Private

  async #run(action: Action, record: TxtRecord, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const child = this.#spawn(action, record);
    const words = tailOf(child);
    const late = AbortSignal.timeout(this.#limit);
    const stopped = AbortSignal.any([signal, late]);
    const stop = (): void => void endGroup(child);
    stopped.addEventListener("abort", stop, { once: true });
    try {
      const how = await ended(child);
      signal.throwIfAborted();
      if (how === "exit code 0" && !late.aborted) return;
      const why = late.aborted ? `did not end within ${this.#limit / 1_000} s` : `ended with ${how}`;
      throw this.#failed(action, record, why, await words);
    } finally {
      stopped.removeEventListener("abort", stop);
      child.stderr?.destroy();
    }
  }

  /** A group of its own, so that what it started ends with it. */
  #spawn(action: Action, { name, value }: TxtRecord): ChildProcess {
    const { PATH, HOME } = process.env;
    const given = { ACME_ACTION: action, ACME_NAME: name, ACME_VALUE: value };
    const env = { ...(PATH === undefined ? {} : { PATH }), ...(HOME === undefined ? {} : { HOME }), ...given };
    return spawn(this.#command, [action, name, value], { env, stdio: ["ignore", "ignore", "pipe"], detached: true });
  }

  #failed(action: Action, { name }: TxtRecord, why: string, logTail: readonly string[]): Error {
    const said = logTail.length === 0 ? "" : ` It said: ${logTail.at(-1)}`;
    return challengeFailed(`${this.#command} ${action} ${name} ${why}.${said}`, {
      hint: "ACME_DNS_EXEC is the path of a program, without arguments; run it by hand as this user, with PATH and HOME only.",
      logTail,
    });
  }
}

// Private

async function ended(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    child.once("error", (error) => resolve(`an error: ${wordsOf(error)}`));
    child.once("exit", (code, signal) => resolve(code === null ? String(signal) : `exit code ${code}`));
  });
}

/** Its last lines; a child of its own that stays may hold stderr open for ever. */
async function tailOf(child: ChildProcess): Promise<string[]> {
  let text = "";
  const over = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
    child.once("exit", () => void pause(LAST_WORDS, undefined, { ref: false }).then(resolve));
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (text = `${text}${chunk}`.slice(-MOST_CHARACTERS)));
  await over;
  return text.trim().split("\n").filter(Boolean).slice(-MOST_LINES);
}

async function endGroup(child: ChildProcess): Promise<void> {
  kill(child, "SIGTERM");
  await pause(GRACE, undefined, { ref: false });
  kill(child, "SIGKILL");
}

/** Nothing where it ended meanwhile: its number may be somebody else's. */
function kill({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended in between.
  }
}
