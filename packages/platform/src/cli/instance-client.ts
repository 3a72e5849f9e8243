/** The REST side of the CLI: finds the running instance by its `instance.json` and asks it with the admin token beside it. */
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

// Private

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
  const given = process.env["ADMIN_TOKEN"];
  if (given !== undefined && given !== "") return given;
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

async function request(url: URL, token: string | undefined, folder: string): Promise<Response> {
  try {
    return await fetch(url, {
      signal: AbortSignal.timeout(TIME_LIMIT),
      redirect: "manual",
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  } catch (error) {
    const message = `Tidegate does not answer at ${url.origin} (named by instance.json in ${folder}).`;
    throw new PlatformError("UNREACHABLE", message, { cause: error, hint: "It may be starting or have been killed. See: tidegate doctor" });
  }
}

function refused(folder: string, problem: Problem | null): PlatformError {
  const message = `Tidegate refuses the token: ${problem?.detail ?? "no reason given"}`;
  return new PlatformError("ACCESS_DENIED", message, {
    hint: `The token is read from ADMIN_TOKEN, else from ${join(folder, "admin-token")}.`,
  });
}

function isStatus(body: unknown): body is OrchestratorStatus {
  return typeof body === "object" && body !== null && "components" in body && "status" in body;
}
