/**
 * Runs the library's Lua scripts as they are, by a Lua engine in WebAssembly (npm package `wasmoon`, loaded only here).
 * That engine is Lua 5.4 and the server's is 5.1; the prelude bridges what differs for scripts like ours. Strings are UTF-8:
 * bytes that are no text do not survive, which is why `cmsgpack` packs to text here. Floats print without ".0" as in 5.1.
 * A script runs without a break, as on the server. https://redis.io/docs/latest/develop/programmability/lua-api/
 */
import { createHash } from "node:crypto";
import type { LuaEngine as Engine } from "wasmoon";
import { TidegateError } from "../../errors.ts";
import { ErrorReply, Status, type Answer } from "./answers.ts";
import { numberText } from "./command.ts";
import { PRELUDE } from "./prelude.ts";

/** A command from inside a script; throws ErrorReply. */
export type ScriptCall = (args: readonly string[]) => Answer;

export class LuaEngine {
  readonly #compile: Compile;
  readonly #run: Run;
  readonly #engine: Engine;
  #call: ScriptCall = () => null;

  static async load(): Promise<LuaEngine> {
    const { LuaFactory } = await wasmoon();
    return new LuaEngine(await new LuaFactory().createEngine({ injectObjects: false, enableProxy: false, openStandardLibs: true }));
  }

  private constructor(engine: Engine) {
    this.#engine = engine;
    printWholeFloats(engine);
    engine.global.set("__call", (...args: unknown[]) => this.#perform(args));
    engine.global.set("__parse", (text: string) => JSON.parse(text) as unknown);
    engine.global.set("__sha1", sha1);
    engine.doStringSync(PRELUDE);
    this.#compile = engine.global.get("__compile") as Compile;
    this.#run = engine.global.get("__run") as Run;
    engine.doStringSync("__protect()");
  }

  /** Throws what the server would answer to a text that is no Lua. */
  compile(sha: string, text: string): void {
    const complaint = this.#compile(sha, text);
    if (typeof complaint === "string") throw new ErrorReply(`ERR Error compiling script (new function): ${complaint}`);
  }

  run(sha: string, keys: readonly string[], args: readonly string[], call: ScriptCall): Answer {
    this.#call = call;
    const outcome = JSON.parse(this.#run(sha, keys, args)) as Encoded;
    return decoded(outcome);
  }

  /** Gives its memory back. */
  close(): void {
    this.#engine.global.close();
  }

  // Private

  /** An error goes back as a value; the prelude raises it. */
  #perform(args: readonly unknown[]): unknown {
    try {
      return luaValue(this.#call(args.map(argumentText)));
    } catch (error) {
      if (error instanceof ErrorReply) return { err: error.message };
      throw error;
    }
  }
}

export function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

// Private

/** Answers what is wrong with the text. */
type Compile = (sha: string, text: string) => string | null | undefined;
type Run = (sha: string, keys: readonly string[], args: readonly string[]) => string;
type Encoded = string | number | null | Encoded[] | { readonly ok: string } | { readonly err: string };

async function wasmoon(): Promise<typeof import("wasmoon")> {
  try {
    return await import("wasmoon");
  } catch (cause) {
    throw new TidegateError(
      "INVALID_CONFIG",
      "The in-memory double runs the library's Lua scripts, and the package wasmoon is not installed.",
      {
        hint: "npm install -D wasmoon",
        cause,
      },
    );
  }
}

function argumentText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberText(value);
  throw new ErrorReply("ERR Lua redis lib command arguments must be strings or integers");
}

/** A missing value is `false` in a script. */
function luaValue(answer: Answer): unknown {
  if (answer === null) return false;
  if (answer instanceof Status) return { ok: answer.text };
  if (answer instanceof ErrorReply) return { err: answer.message };
  return Array.isArray(answer) ? answer.map(luaValue) : answer;
}

function decoded(value: Encoded): Answer {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(decoded);
  return "ok" in value ? new Status(value.ok) : new ErrorReply(value.err);
}

/**
 * Lua 5.4 prints the float 2 as "2.0", which would end up in arguments made with `..`. Its formatter adds ".0" to a text made of
 * the characters of this constant only, so an empty constant makes it print like 5.1.
 */
function printWholeFloats(engine: Engine): void {
  const memory = (engine.global.lua.module as unknown as { HEAPU8: Uint8Array }).HEAPU8;
  const constant = Buffer.from("\0-0123456789\0", "latin1");
  const at = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength).indexOf(constant);
  if (at !== -1) memory[at + 1] = 0;
  if (engine.doStringSync("return (4 / 2) .. ''") !== "2")
    throw new TidegateError("INVALID_CONFIG", "This version of wasmoon prints numbers in a way the double cannot mend.", {
      hint: "npm install -D wasmoon@1.16",
    });
}
