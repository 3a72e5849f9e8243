/**
 * Starts a real Docker Engine in a folder of its own, for tests: `await using docker = await startDocker()`. Several run side by side.
 * Needs root, dockerd and a static busybox (`npm run setup:test`); no registry, no `docker` program. At the end neither process, container,
 * network, mount nor file is left, also when the engine was killed.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, closeSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineApi } from "./engine-api.ts";
import { packImage, type ImageFiles } from "./image.ts";
import { endStrays, unmountBelow } from "./strays.ts";

export interface DockerServer extends AsyncDisposable {
  /** `unix://…`, as in `DOCKER_HOST`. */
  readonly url: string;
  readonly socket: string;
  readonly folder: string;
  /** 0 while it does not run. */
  readonly pid: number;
  /** Plain calls, to look at and to disturb what the code under test did. */
  readonly api: EngineApi;
  /** Makes `name` (`web:1`) from busybox and `files`; answers its id. */
  image(name: string, files: ImageFiles): Promise<string>;
  /** Containers without a restart policy stay down afterwards, as on any machine. */
  restart(): Promise<void>;
  /** SIGKILL; its containers lose their engine. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDocker(): Promise<DockerServer> {
  const docker = new LaunchedDocker(shortFolder());
  try {
    await docker.start();
    return docker;
  } catch (error) {
    await docker.stop();
    throw error;
  }
}

// Private

const READY_MS = 30_000;
const STOP_MS = 30_000;

class LaunchedDocker implements DockerServer {
  readonly folder: string;
  readonly socket: string;
  readonly api: EngineApi;
  #child: ChildProcess | undefined;
  /** The engine must not outlive a test that ends without stopping it. */
  readonly #endWithUs = (): void => {
    this.#child?.kill("SIGTERM");
  };

  constructor(folder: string) {
    this.folder = folder;
    this.socket = join(folder, "d.sock");
    this.api = new EngineApi(this.socket);
  }

  get url(): string {
    return `unix://${this.socket}`;
  }

  get pid(): number {
    return this.#running() ? (this.#child?.pid ?? 0) : 0;
  }

  async start(): Promise<void> {
    writeFileSync(join(this.folder, "daemon.json"), JSON.stringify(this.#settings()));
    const log = openSync(join(this.folder, "log"), "a");
    this.#child = spawn("dockerd", ["--config-file", join(this.folder, "daemon.json"), "--host", this.url], {
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    process.once("exit", this.#endWithUs);
    await this.#ready(this.#child);
  }

  image(name: string, files: ImageFiles): Promise<string> {
    return packImage(this.api, name, files);
  }

  async restart(): Promise<void> {
    await this.#end("SIGTERM");
    await this.start();
  }

  /** Its containerd goes with it, and where nobody collects the dead its pid file would make the next engine wait for it. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
    const containerd = join(this.folder, "exec", "containerd");
    await endStrays(join(containerd, "containerd.toml"));
    await rm(join(containerd, "containerd.pid"), { force: true });
  }

  /** A killed engine is started once more: only it can end what it began in order. */
  async stop(): Promise<void> {
    try {
      if (!this.#running() && this.#child?.pid !== undefined) await this.#startEmpty();
      if (this.#running()) await this.api.removeEverything();
    } catch {
      // The processes and mounts are taken away below all the same.
    } finally {
      await this.#end("SIGTERM");
      await endStrays(`${this.folder}/`);
      unmountBelow(this.folder);
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  // Private

  /** It would wait ten seconds for each container that outlived it. */
  async #startEmpty(): Promise<void> {
    await endStrays(`${this.folder}/`);
    await this.start();
  }

  #running(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Nothing of the machine is changed or read: no firewall rules, no default bridge, no settings of /etc. */
  #settings(): Record<string, unknown> {
    const part = process.pid % 60;
    return {
      "data-root": join(this.folder, "data"),
      "exec-root": join(this.folder, "exec"),
      pidfile: join(this.folder, "d.pid"),
      iptables: false,
      ip6tables: false,
      "ip-forward": false,
      bridge: "none",
      // Two engines that start at once would otherwise choose the same network.
      "default-address-pools": [
        { base: `10.${180 + part}.0.0/16`, size: 24 },
        { base: `10.${120 + part}.0.0/16`, size: 24 },
      ],
      "shutdown-timeout": 2,
    };
  }

  async #ready(child: ChildProcess): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => {
      child.once("error", (cause) => reject(new Error("dockerd cannot be started; install it with: npm run setup:test", { cause })));
      child.once("exit", (code) => reject(new Error(`dockerd ended with ${String(code)} before it was ready:\n${this.#log()}`)));
    });
    await Promise.race([this.api.answers(READY_MS), failed]);
    failed.catch(() => {});
  }

  #log(): string {
    return readFileSync(join(this.folder, "log"), "utf8").split("\n").slice(-15).join("\n");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    process.off("exit", this.#endWithUs);
    const child = this.#child;
    if (child === undefined || !this.#running()) return;
    const gone = once(child, "exit");
    child.kill(signal);
    const hurry = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(hurry);
  }
}

/** A socket's path may have 107 characters, and containerd hangs longer names below it. */
function shortFolder(): string {
  const parent = tmpdir().length > 40 ? "/tmp" : tmpdir();
  return mkdtempSync(join(parent, "tgd-"));
}
