/** Docker's and the socket's errors become the gateway's here, once. */
import { GatewayError } from "../../errors.ts";

/** What dockerode rejects with. */
interface Foreign {
  readonly code?: string;
  readonly statusCode?: number;
  readonly json?: unknown;
  readonly message?: string;
}

/** The status Docker answered, or null when it did not. */
export function statusOf(error: unknown): number | null {
  return (error as Foreign | null)?.statusCode ?? null;
}

/** Docker's own words in one line, without dockerode's preface. */
export function wordsOf(error: unknown): string {
  const { json, message = String(error) } = error as Foreign;
  const own = json !== null && typeof json === "object" && "message" in json ? String(json.message) : message;
  return oneLine(own.replace(/^\(HTTP code \d+\) [^-]*- /, ""));
}

export function oneLine(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, " ").trim();
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}

/** `where` is the socket or address; `seen`: it has answered before, so a missing socket is a restart. */
export function dockerError(what: string, error: unknown, where: string, seen: boolean): GatewayError {
  if (error instanceof GatewayError) return error;
  if (statusOf(error) !== null) return answered(what, error);
  const { code, message } = error as Foreign;
  if (code === "ENOENT" && !seen) return missing(where, error);
  if (code === "EACCES" || code === "EPERM") return forbidden(where, error);
  const reason = code === undefined ? oneLine(message ?? String(error)) : `${code} ${REASONS[code] ?? ""}`.trim();
  return unreachable(what, where, reason, error);
}

export function missing(where: string, cause?: unknown): GatewayError {
  return new GatewayError("DOCKER_MISSING", `There is no Docker Engine here: ${where} does not exist.`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Install one (Debian, Ubuntu: apt-get install docker.io; others: https://docs.docker.com/engine/install) or name it: DOCKER_HOST=unix:///path or tcp://host:port.",
  });
}

export function unreachable(what: string, where: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError("DOCKER_UNREACHABLE", `The Docker Engine at ${where} does not answer (${what}): ${reason}.`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "It may be restarting; what was asked for can be asked for again. See: systemctl status docker",
  });
}

/** For lines of a stream, which have no status. */
export function spokenError(what: string, words: string): GatewayError | null {
  if (/no space left on device|disk quota exceeded/i.test(words)) return diskFull(what, words);
  return null;
}

// Private

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "(its socket is gone)",
  ECONNREFUSED: "(nobody listens)",
  ECONNRESET: "(it hung up)",
  EPIPE: "(it hung up)",
  ENOTFOUND: "(no such host)",
  ETIMEDOUT: "(no answer in time)",
};

/** Said by an engine that is being stopped. */
const STOPPING =
  /transport is closing|connection is closing|connection error: desc|containerd\.sock|shutting down|error while dialing|context canceled|daemon is shutting/i;

function answered(what: string, cause: unknown): GatewayError {
  const words = wordsOf(cause);
  const spoken = spokenError(what, words);
  if (spoken !== null) return spoken;
  const status = statusOf(cause) ?? 0;
  if (status >= 500 && STOPPING.test(words))
    return new GatewayError("DOCKER_UNREACHABLE", `The Docker Engine is being stopped (${what}): ${words}`, { cause });
  return new GatewayError("DOCKER_ERROR", `Docker refused ${what}: ${words}`, { cause });
}

function diskFull(what: string, words: string): GatewayError {
  return new GatewayError("DISK_FULL", `The disk of the Docker Engine is full (${what}): ${words}`, {
    hint: "docker system df shows what takes the room; docker image prune removes images nobody uses.",
  });
}

function forbidden(where: string, cause: unknown): GatewayError {
  return new GatewayError("DOCKER_UNREACHABLE", `This user may not use the Docker Engine at ${where}.`, {
    cause,
    hint: "Add the user to its group (sudo usermod -aG docker $USER, then log in again) or run Tidegate as root.",
  });
}
