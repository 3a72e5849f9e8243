/** `tidegate up` on free ports in a folder of its own, ready when its instance file says so; stopped as Ctrl-C would. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Program {
  url: string;
  redisUrl: string;
  redisPassword: string;
  namespace: string;
  loginLink(): Promise<string>;
  request(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

interface Instance {
  state?: string;
  consoleUrl: string;
  redisUrl: string;
  namespace: string;
}

const bin = fileURLToPath(new URL("../../packages/platform/bin/tidegate.js", import.meta.url));

/** `environment` is added to the tests' own. */
export async function startProgram(environment: NodeJS.ProcessEnv = {}): Promise<Program> {
  const data = await mkdtemp(join(tmpdir(), "tidegate-browser-"));
  const child = spawn(process.execPath, [bin, "up", "--no-demo", "--no-open", "--port", "0", "--redis-port", "0", "--data", data], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const instance = await ready(data, child, () => output);
  const token = (await readFile(join(data, "admin-token"), "utf8")).trim();
  return {
    url: instance.consoleUrl,
    redisUrl: instance.redisUrl,
    redisPassword: (await readFile(join(data, "redis-password"), "utf8")).trim(),
    namespace: instance.namespace,
    loginLink: () => loginLink(instance.consoleUrl, token),
    request: (method, path, body) => request(instance.consoleUrl, token, method, path, body),
    stop: () => stop(child, data),
  };
}

/** Resolves on the write of the instance file that names the console; rejects if the program ends first. */
async function ready(data: string, child: ChildProcess, output: () => string): Promise<Instance> {
  const { promise, resolve, reject } = Promise.withResolvers<Instance>();
  const look = async () => {
    const found = await readInstance(data);
    if (found && found.consoleUrl !== "" && found.state === "running") resolve(found);
  };
  const watcher = watch(data, () => void look());
  child.once("exit", (code) => reject(new Error(`tidegate up ended with ${code} before it was ready:\n${output()}`)));
  void look();
  return promise.finally(() => watcher.close());
}

async function readInstance(data: string): Promise<Instance | null> {
  try {
    return JSON.parse(await readFile(join(data, "instance.json"), "utf8")) as Instance;
  } catch {
    return null;
  }
}

/** The link a person gets in the terminal, minted once more. */
async function loginLink(url: string, token: string): Promise<string> {
  const answer = (await request(url, token, "POST", "/api/v1/session/link")) as { url: string };
  return answer.url;
}

async function request(url: string, token: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function stop(child: ChildProcess, data: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  await rm(data, { recursive: true, force: true });
}
