/**
 * The way to one Docker Engine: finds it, settles on a version of its API, puts a limit of time on every call and turns what goes wrong into the
 * gateway's errors. After a failure of the connection the version is settled anew: the engine may come back as another one.
 */
import { existsSync } from "node:fs";
import { Agent } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import Docker from "dockerode";
import { GatewayError } from "../../errors.ts";
import { dockerError, missing, unreachable } from "./docker-errors.ts";

/** Docker Engine 20.10, and the newest whose answers were tried. */
const OLDEST = "1.41";
const NEWEST = "1.52";
const CALL_MS = 30_000;

export interface Versions {
  readonly version: string;
  /** What is spoken. */
  readonly api_version: string;
}

export interface StreamRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
}

/** docker-modem describes all it sends with `inspect`, to every depth, whether or not anybody debugs it: with the sockets of a busy agent for seconds. */
class BriefAgent extends Agent {
  [inspect.custom](): string {
    return "Agent";
  }
}

/** The others come with a reason from Docker itself. */
const STATUSES = { 200: true, 400: "bad parameter", 404: "not found", 409: "conflict", 500: "server error" };

export class Connection {
  readonly #dockerHost: string | null;
  #settled: Promise<{ readonly docker: Docker; readonly versions: Versions }> | null = null;
  #seen = false;

  constructor(dockerHost: string | null) {
    this.#dockerHost = dockerHost;
  }

  /** Socket path or address, for messages. */
  get where(): string {
    return this.#dockerHost === null ? usualSocket() : this.#dockerHost.replace(/^unix:\/\//, "");
  }

  /** Host name of an engine that is reached by TCP; null for a socket. */
  get host(): string | null {
    return this.#dockerHost === null || this.#dockerHost.startsWith("unix:") ? null : new URL(httpUrl(this.#dockerHost)).hostname;
  }

  /** Rejects when it takes longer than `limit` ms, also where dockerode would wait for ever. */
  async call<T>(
    what: string,
    run: (docker: Docker, signal: AbortSignal) => Promise<T>,
    { limit = CALL_MS, signal }: { readonly limit?: number; readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const { docker } = await this.#ready();
    signal?.throwIfAborted();
    try {
      return await this.#limited(what, limit, signal, (abort) => run(docker, abort));
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failed(what, error);
    }
  }

  /** Only the beginning of a stream has a limit (ms); then it lives as long as `signal` lets it. */
  async open(
    what: string,
    run: (docker: Docker, signal: AbortSignal) => Promise<NodeJS.ReadableStream>,
    signal: AbortSignal,
    limit = CALL_MS,
  ): Promise<NodeJS.ReadableStream> {
    return this.call(what, (docker, abort) => run(docker, AbortSignal.any([signal, abort])), { signal, limit });
  }

  /** The same for what dockerode's types do not know as a stream. */
  stream(what: string, { method, path, query }: StreamRequest, signal: AbortSignal, limit = CALL_MS): Promise<NodeJS.ReadableStream> {
    const dial = (docker: Docker, abortSignal: AbortSignal): Promise<NodeJS.ReadableStream> =>
      new Promise((resolve, reject) => {
        const request = {
          path: `${path}?`,
          method,
          isStream: true,
          options: { _query: query, _body: {} },
          abortSignal,
          statusCodes: STATUSES,
        };
        docker.modem.dial(request, (error, stream) => (error === null ? resolve(stream as NodeJS.ReadableStream) : reject(error)));
      });
    return this.open(what, dial, signal, limit);
  }

  async versions(): Promise<Versions> {
    this.#settled = null;
    return (await this.#ready()).versions;
  }

  /** For errors that come in the middle of a stream. */
  failed(what: string, error: unknown): GatewayError {
    return this.#failed(what, error);
  }

  // Private

  /** Asked once for all; a refusal is not kept. */
  #ready(): Promise<{ readonly docker: Docker; readonly versions: Versions }> {
    const settled = (this.#settled ??= this.#settle());
    settled.catch(() => {
      if (this.#settled === settled) this.#settled = null;
    });
    return settled;
  }

  async #settle(): Promise<{ readonly docker: Docker; readonly versions: Versions }> {
    const what = "asking for its version";
    try {
      const asked = this.#docker(null);
      const answer = await this.#limited(what, CALL_MS, undefined, () => asked.version());
      const api_version = negotiate(answer.ApiVersion, answer.MinAPIVersion, answer.Version);
      this.#seen = true;
      return { docker: this.#docker(api_version), versions: { version: answer.Version, api_version } };
    } catch (error) {
      throw this.#failed(what, error);
    }
  }

  #failed(what: string, error: unknown): GatewayError {
    const failure = dockerError(what, error, this.where, this.#seen);
    if (failure.status === 503) this.#settled = null;
    return failure;
  }

  #docker(version: string | null): Docker {
    const shared = version === null ? {} : { version: `v${version}` };
    if (this.#dockerHost !== null && !this.#dockerHost.startsWith("unix:")) return new Docker({ ...tcp(this.#dockerHost), ...shared });
    const socketPath = this.where;
    if (!this.#seen && !existsSync(socketPath)) throw missing(socketPath);
    // A kept connection may be one to the engine before the restart. `host`: docker-modem reads DOCKER_HOST itself otherwise.
    const options = { socketPath, host: undefined, agent: new BriefAgent({ keepAlive: false }), ...shared };
    return new Docker(options);
  }

  async #limited<T>(what: string, limit: number, signal: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const own = new AbortController();
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const stop = (): void => {
      reject(signal?.aborted === true ? signal.reason : unreachable(what, this.where, `no answer in ${limit / 1000} s`));
      own.abort();
    };
    const timer = setTimeout(stop, limit);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([run(own.signal), ended]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
}

/** The newest version both know. */
export function negotiate(newest: string, oldest: string | undefined, engine: string): string {
  if (before(newest, OLDEST))
    throw new GatewayError("DOCKER_ERROR", `Docker Engine ${engine} is too old: it speaks API ${newest}, and ${OLDEST} is needed.`, {
      hint: "Upgrade it to 20.10 or newer.",
    });
  if (oldest !== undefined && before(NEWEST, oldest))
    throw new GatewayError("DOCKER_ERROR", `Docker Engine ${engine} wants API ${oldest} or newer, and ${NEWEST} is the newest known.`, {
      hint: "Upgrade Tidegate.",
    });
  return before(newest, NEWEST) ? newest : NEWEST;
}

// Private

function before(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** The system's, a rootless one's or Docker Desktop's. */
function usualSocket(): string {
  const runtime = process.env["XDG_RUNTIME_DIR"];
  const rootless = runtime === undefined ? [] : [join(runtime, "docker.sock")];
  const usual = "/var/run/docker.sock";
  return [usual, ...rootless, join(homedir(), ".docker", "run", "docker.sock")].find((path) => existsSync(path)) ?? usual;
}

function httpUrl(dockerHost: string): string {
  return dockerHost.replace(/^tcp:/, "http:");
}

function tcp(dockerHost: string): Docker.DockerOptions {
  const { hostname, port, protocol } = new URL(httpUrl(dockerHost));
  const secure = protocol === "https:" || port === "2376";
  return { host: hostname, port: Number(port || (secure ? 2376 : 2375)), ...(secure ? { protocol: "https" as const } : {}) };
}
