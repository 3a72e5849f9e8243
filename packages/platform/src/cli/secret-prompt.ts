/** Asks for a secret at the terminal, without showing what is typed. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { PlatformError } from "../errors.ts";
import { usage } from "./failure.ts";

export async function askSecret(name: string): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage(
      `The value of ${name} is not in the environment, and there is no terminal to ask at.`,
      `Set it first: read -rs ${name} && export ${name}`,
    );
  process.stderr.write(`${name}: `);
  using terminal = createInterface({ input: process.stdin, output: silent(), terminal: true });
  const interrupt = new AbortController();
  terminal.once("SIGINT", () => interrupt.abort());
  const answer = await terminal.question("", { signal: interrupt.signal }).catch(() => null);
  process.stderr.write("\n");
  if (answer === null || answer === "") throw new PlatformError("INTERRUPTED", "Nothing was changed.");
  return answer;
}

// Private

function silent(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
