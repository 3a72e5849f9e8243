/** One Tidegate of several on one Redis and one Docker Engine, whose control process can be killed. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { atExit, removeAtExit } from "./leftovers.ts";

const BIN = fileURLToPath(new URL("../../packages/platform/bin/tidegate.js", import.meta.url));
const ADMIN = "tg_services-of-the-fault-suite";
/** The same for all. */
const KEY = randomBytes(32).toString("base64");

export interface Place {
  readonly redisUrl: string;
  readonly docker: string;
  readonly namespace: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export class TidegateInstance implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "tidegate-services-"));
  readonly #child: ChildProcess;
  readonly #leftovers: readonly Disposable[];
  #output = "";
  kills = 0;

  private constructor({ redisUrl, docker, namespace }: Place) {
    const env = {
      ...process.env,
      REDIS_STREAMS_URL: redisUrl,
      DOCKER_HOST: docker,
      TIDEGATE_NAMESPACE: namespace,
      TIDEGATE_ENCRYPTION_KEY: KEY,
      TIDEGATE_DATA: this.folder,
      ADMIN_TOKEN: ADMIN,
    };
    this.#child = spawn(process.execPath, [BIN, "up", "--no-demo", "--no-open", "--port", "0"], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#leftovers = [atExit(() => this.#child.kill("SIGTERM")), removeAtExit(this.folder)];
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on("data", (chunk) => (this.#output += String(chunk)));
  }

  static async start(place: Place): Promise<TidegateInstance> {
    const instance = new TidegateInstance(place);
    const limit = performance.now() + 60_000;
    while (instance.#read()?.state !== "running") {
      if (instance.#child.exitCode !== null || performance.now() > limit)
        throw new Error(`tidegate up did not start:\n${instance.#output}`);
      await pause(50);
    }
    return instance;
  }

  /** Null when the connection was lost: whether it was done is unknown. */
  async ask(method: string, path: string, { body, traceparent }: { body?: unknown; traceparent?: string } = {}): Promise<Answer | null> {
    try {
      const answer = await fetch(new URL(path, this.#read()?.consoleUrl), {
        method,
        headers: {
          authorization: `Bearer ${ADMIN}`,
          ...(traceparent === undefined ? {} : { traceparent }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(240_000),
      });
      const text = await answer.text();
      return { status: answer.status, body: text.startsWith("{") || text.startsWith("[") ? (JSON.parse(text) as unknown) : text };
    } catch {
      return null;
    }
  }

  /** The supervisor starts it again. */
  killControl(): void {
    const pid = this.#read()?.children["control"];
    if (typeof pid !== "number") return;
    this.kills++;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      this.kills--;
    }
  }

  /** Processes of the edge. */
  get edge(): readonly number[] {
    const children = Object.entries(this.#read()?.children ?? {});
    return children.filter(([name]) => name.startsWith("edge")).map(([, pid]) => pid);
  }

  /** Its own HTTP and HTTPS ports. */
  get frontDoor(): ReadonlySet<number> {
    const { http, https } = this.#read()?.ports ?? {};
    return new Set([http, https].filter((port) => port !== undefined));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await exit;
    }
    for (const leftover of this.#leftovers) leftover[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  // Private

  #read(): { state?: string; consoleUrl: string; ports: { http?: number; https?: number }; children: Record<string, number> } | null {
    try {
      return JSON.parse(readFileSync(join(this.folder, "instance.json"), "utf8")) as never;
    } catch {
      return null;
    }
  }
}
