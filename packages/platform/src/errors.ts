/**
 * Errors of the platform, and what any error means at a command line: its exit code and its one or two lines of words.
 * Streams errors keep their own codes; the table below maps them to the exit codes of the CLI.
 */
import { TidegateError } from "@tidegate/streams";

/** 0 ok, 1 failed, 2 usage, 3 not found, 4 auth, 5 conflict, 6 unreachable, 7 unhealthy, 130 interrupted. */
const PLATFORM_ERRORS = {
  INVALID_SETTING: { exitCode: 2, meaning: "A flag, environment variable or setting of tidegate.config.json is wrong." },
  USAGE: { exitCode: 2, meaning: "The command was written in a way it does not understand." },
  INVALID_HANDLERS: { exitCode: 2, meaning: "A handlers file cannot be loaded or exports the wrong shape." },
  NOT_FOUND: { exitCode: 3, meaning: "What the command names does not exist." },
  ACCESS_DENIED: { exitCode: 4, meaning: "The token is missing, wrong or not allowed to do this." },
  PORT_IN_USE: { exitCode: 5, meaning: "Another program listens on the port." },
  DATABASE_TAKEN: { exitCode: 5, meaning: "A Tidegate of another namespace runs on the same Redis database." },
  ALREADY_RUNNING: { exitCode: 5, meaning: "A Tidegate already runs in this data folder." },
  NO_REDIS_SERVER: { exitCode: 1, meaning: "Neither redis-server nor valkey-server is installed." },
  REDIS_SERVER_FAILED: { exitCode: 1, meaning: "The embedded Redis does not start." },
  DATA_FOLDER: { exitCode: 1, meaning: "The data folder cannot be used." },
  START_FAILED: { exitCode: 1, meaning: "A part of Tidegate does not start." },
  UNREACHABLE: { exitCode: 6, meaning: "No Tidegate answers." },
  UNHEALTHY: { exitCode: 7, meaning: "Tidegate answers, but is not healthy." },
  INTERRUPTED: { exitCode: 130, meaning: "Stopped by Ctrl-C." },
} as const;

export type PlatformErrorCode = keyof typeof PLATFORM_ERRORS;

export class PlatformError extends Error {
  readonly code: PlatformErrorCode;
  readonly exitCode: number;
  /** What to do next, ready to be shown to a person. */
  readonly hint: string | undefined;

  constructor(code: PlatformErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PlatformError";
    this.code = code;
    this.exitCode = PLATFORM_ERRORS[code].exitCode;
    this.hint = options.hint;
  }
}

/** An error as it crosses from a child process to the supervisor. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly exitCode: number;
  readonly stack: string | null;
}

const EXIT_CODES: Readonly<Record<string, number>> = {
  INVALID_CONFIG: 2,
  INVALID_TOPIC: 2,
  INVALID_GROUP: 2,
  INVALID_MESSAGE: 2,
  INVALID_POSITION: 2,
  PAYLOAD_TOO_LARGE: 2,
  UNKNOWN_TOPIC: 3,
  TOPIC_IN_USE: 5,
  UNKNOWN_GROUP: 3,
  UNKNOWN_DEAD_LETTER: 3,
  UNKNOWN_JOB: 3,
  AUTH_FAILED: 4,
  ACCESS_DENIED: 4,
  REDIS_UNREACHABLE: 6,
  NOT_REDIS: 6,
  TLS_FAILED: 6,
  REDIS_BUSY: 6,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof PlatformError) return error.exitCode;
  if (error instanceof TidegateError) return EXIT_CODES[error.code] ?? 1;
  const carried = field(error, "exitCode");
  return typeof carried === "number" ? carried : 1;
}

/** The message and, where there is one, the hint on a second line; with `DEBUG` set the stack follows. */
export function explain(error: unknown, debug: boolean = Boolean(process.env["DEBUG"])): string {
  const plain = toPlain(error);
  const lines = [plain.message];
  if (plain.hint !== null) lines.push(`  ${plain.hint}`);
  if (debug && plain.stack !== null) lines.push(plain.stack);
  return lines.join("\n");
}

export function toPlain(error: unknown): PlainError {
  const code = field(error, "code");
  const hint = field(error, "hint");
  return {
    code: typeof code === "string" ? code : "FAILED",
    message: messageOf(error),
    hint: typeof hint === "string" ? hint : null,
    exitCode: exitCodeOf(error),
    stack: error instanceof Error ? (error.stack ?? null) : null,
  };
}

export function messageOf(error: unknown): string {
  const message = field(error, "message");
  if (typeof message === "string" && message !== "") return message;
  return error instanceof AggregateError && error.errors.length > 0 ? messageOf(error.errors[0]) : String(error);
}

// Private

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
