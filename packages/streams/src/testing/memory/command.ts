/** What a command is here, and how it reads its arguments. Errors are worded as the server words them. */
import type { Answer, Waiting } from "./answers.ts";
import { ErrorReply } from "./answers.ts";
import type { Database } from "./database.ts";

export interface Context {
  readonly db: Database;
  /** The connection it came from. */
  readonly client: ClientFace;
  readonly server: ServerFace;
}

export interface ClientFace {
  readonly id: number;
  name: string;
}

/** What commands about the server itself need of it. */
export interface ServerFace {
  readonly replicas: number;
  /** Milliseconds it runs. */
  readonly uptime: number;
  clients(): readonly ClientFace[];
  /** Ends a block; false when there was none. */
  unblock(id: number, error: boolean): boolean;
  kill(id: number): boolean;
  knows(command: string): boolean;
  loadScript(text: string): string;
  hasScript(sha: string): boolean;
  forgetScripts(): void;
  evaluate(sha: string, keys: readonly string[], args: readonly string[], context: Context): Answer;
}

export interface Command {
  /** Arguments after the command's own name: at least, at most. */
  readonly takes: readonly [least: number, most: number];
  run(args: readonly string[], context: Context): Answer | Waiting;
}

export type Commands = Readonly<Record<string, Command>>;

export const ANY: number = Number.POSITIVE_INFINITY;

export function command(least: number, most: number, run: Command["run"]): Command {
  return { takes: [least, most], run };
}

export function wholeNumber(text: string | undefined, complaint = "value is not an integer or out of range"): number {
  if (text === undefined || !/^(0|-?[1-9]\d{0,18})$/.test(text)) throw new ErrorReply(`ERR ${complaint}`);
  return Number(text);
}

export function decimal(text: string | undefined): number {
  const plain = (text ?? "").toLowerCase();
  if (/^[+-]?inf(inity)?$/.test(plain)) return plain.startsWith("-") ? -Infinity : Infinity;
  const value = Number(plain);
  if (plain === "" || Number.isNaN(value)) throw new ErrorReply("ERR value is not a valid float");
  return value;
}

export function numberText(value: number): string {
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value);
}

export function wrongCount(name: string): ErrorReply {
  return new ErrorReply(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
}
