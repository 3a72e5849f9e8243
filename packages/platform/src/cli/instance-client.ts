/**
 * The REST side of the CLI: finds the running instance by its `instance.json` and asks it with the token of the environment, else the admin token
 * beside that file.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findInstance, type InstanceFile } from "@tidegate/streams";
import type { OrchestratorStatus, Problem } from "../contract.ts";
import { PlatformError, messageOf } from "../errors.ts";

export interface FoundInstance {
  readonly file: InstanceFile;
  readonly folder: string;
}

/** A person waits. */
const TIME_LIMIT = 5000;

export function runningInstance(): FoundInstance {
  const found = readableInstance();
  if (found !== null && found.file.consoleUrl !== "") return found;
  throw new PlatformError("UNREACHABLE", "No running Tidegate was found from this folder upwards.", {
    hint: "Start one with: tidegate up   or name its data folder: TIDEGATE_DATA=/path/.tidegate tidegate status",
  });
}

export async function fetchStatus(instance: FoundInstance): Promise<OrchestratorStatus> {
  const url = new URL("/api/v1/orchestrator/status", instance.file.consoleUrl);
  const answer = await request(url, adminToken(instance.folder), instance.folder);
  const body = await answer.json().catch(() => null);
  if (answer.status === 401 || answer.status === 403) throw refused(instance.folder, body as Problem | null);
  if (isStatus(body)) return body;
  throw new PlatformError("UNREACHABLE", `${url.origin} answered ${answer.status}, but not as a Tidegate would.`, {
    hint: "Another program may have taken the port. See: tidegate doctor",
  });
}

/** What the instance refused, with the code and hint of its answer. */
export class Refused extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
  /** Last lines of the build or the container that failed. */
  readonly logTail: readonly string[];

  constructor(status: number, { code, detail, hint, log_tail: logTail = [] }: Problem) {
    super(detail);
    this.name = "Refused";
    this.code = code;
    this.hint = hint;
    this.exitCode = FAILED.has(code) ? 1 : (EXIT_CODES[status] ?? 1);
    this.logTail = logTail;
  }
}

/** One call of the REST interface. `query`: what is undefined is left out. A `body` makes it a PATCH unless `method` says otherwise. */
export async function askInstance(
  instance: FoundInstance,
  path: string,
  more: { readonly query?: object; readonly body?: unknown; readonly method?: string; readonly limit?: number } = {},
): Promise<unknown> {
  const url = new URL(path, instance.file.consoleUrl);
  for (const [name, value] of Object.entries(more.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
  const { body, method = body === undefined ? "GET" : "PATCH" } = more;
  const answer = await request(url, adminToken(instance.folder), instance.folder, { method, body, limit: more.limit });
  const found: unknown = await answer.json().catch(() => null);
  if (answer.ok) return found;
  throw refusalOf(instance, url, answer.status, found);
}

/** What an answer that is no good one means. */
export function refusalOf({ folder }: FoundInstance, { origin }: URL, status: number, found: unknown): Refused | PlatformError {
  if (status === 401 || (status === 403 && !isProblem(found))) return refused(folder, found as Problem | null);
  if (isProblem(found)) return new Refused(status, found);
  return new PlatformError("UNREACHABLE", `${origin} answered ${status}, but not as a Tidegate would.`, {
    hint: "Another program may have taken the port. See: tidegate doctor",
  });
}

/** Where the live channel is, and what to show there. */
export function liveAddress({ file, folder }: FoundInstance): { url: string; headers: Record<string, string> } {
  const token = adminToken(folder);
  const url = new URL("/api/v1/live", file.consoleUrl);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return { url: url.href, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } };
}

// Private

/** What was asked for was right; it did not work. */
const FAILED: ReadonlySet<string> = new Set(["BUILD_FAILED", "IMAGE_NOT_FOUND", "CONTAINER_EXITED", "PROBE_FAILED", "PREFLIGHT_FAILED"]);
const EXIT_CODES: Readonly<Record<number, number>> = { 400: 2, 403: 4, 404: 3, 409: 5, 412: 5, 413: 2, 415: 2, 422: 2, 503: 6, 504: 6 };

function readableInstance(): FoundInstance | null {
  try {
    return findInstance();
  } catch (error) {
    throw new PlatformError("UNREACHABLE", `instance.json cannot be read: ${messageOf(error)}`, {
      cause: error,
      hint: "Stop Tidegate, remove the file and start it again.",
    });
  }
}

function adminToken(folder: string): string | undefined {
  const path = join(folder, "admin-token");
  const given = [process.env["TIDEGATE_TOKEN"], process.env["ADMIN_TOKEN"]].find((text) => text !== undefined && text !== "");
  if (given !== undefined) return given;
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

async function request(
  url: URL,
  token: string | undefined,
  folder: string,
  { method = "GET", body, limit = TIME_LIMIT }: { method?: string; body?: unknown; limit?: number | undefined } = {},
): Promise<Response> {
  try {
    return await fetch(url, {
      signal: AbortSignal.timeout(limit),
      redirect: "manual",
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    const message = `Tidegate does not answer at ${url.origin} (named by instance.json in ${folder}).`;
    throw new PlatformError("UNREACHABLE", message, { cause: error, hint: "It may be starting or have been killed. See: tidegate doctor" });
  }
}

function refused(folder: string, problem: Problem | null): PlatformError {
  const message = `Tidegate refuses the token: ${problem?.detail ?? "no reason given"}`;
  return new PlatformError("ACCESS_DENIED", message, {
    hint: `The token is read from TIDEGATE_TOKEN, then ADMIN_TOKEN, then ${join(folder, "admin-token")}.`,
  });
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}

function isStatus(body: unknown): body is OrchestratorStatus {
  return typeof body === "object" && body !== null && "components" in body && "status" in body;
}
