/** Active checks of a group's endpoints: GET on a path, each in its own rhythm. The only one left is never asked: there is nobody to ask instead. */
import { request as plainRequest, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP } from "node:net";
import type { HealthCheckSpec } from "../../../routes/spec.ts";
import type { TlsIdentity } from "./dial.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Names, refusedAddress } from "./names.ts";

export interface CheckDeps {
  readonly spec: HealthCheckSpec;
  readonly endpoints: readonly Endpoint[];
  readonly names: Names;
  readonly tls: TlsIdentity;
}

export class Checks {
  readonly #deps: CheckDeps;
  readonly #timers = new Map<Endpoint, NodeJS.Timeout>();
  #stopped = new AbortController();

  constructor(deps: CheckDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#timers.size > 0 || this.#deps.endpoints.length < 2) return;
    this.#stopped = new AbortController();
    for (const endpoint of this.#deps.endpoints) this.#later(endpoint, 0);
  }

  stop(): void {
    this.#stopped.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  // Private

  /** Jittered by a tenth: many endpoints and workers must not ask at the same moment. */
  #later(endpoint: Endpoint, seconds: number): void {
    const wait = seconds * 1_000 * (0.9 + Math.random() * 0.2);
    this.#timers.set(endpoint, setTimeout(() => this.#check(endpoint), wait).unref());
  }

  #check(endpoint: Endpoint): void {
    const { spec } = this.#deps;
    const { signal } = this.#stopped;
    this.#ask(endpoint, signal).then(
      () => this.#note(endpoint, null, signal),
      (error: unknown) => this.#note(endpoint, `GET ${spec.path}: ${error instanceof Error ? error.message : String(error)}`, signal),
    );
  }

  #note(endpoint: Endpoint, error: string | null, signal: AbortSignal): void {
    if (signal.aborted) return;
    endpoint.health.checked(error, this.#deps.spec);
    this.#later(endpoint, this.#deps.spec.interval);
  }

  #ask({ spec: { host, port, secure, authority } }: Endpoint, stopped: AbortSignal): Promise<void> {
    const { spec, names, tls } = this.#deps;
    const refused = refusedAddress(host);
    if (refused !== null) return Promise.reject(refused);
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(spec.timeout * 1_000)]);
    const headers = { Host: authority, "User-Agent": "tidegate-health", Connection: "close" };
    const options: RequestOptions = { host, port, path: spec.path, headers, signal, agent: false, lookup: names.lookup };
    return new Promise((resolve, reject) => {
      const request = secure ? tlsRequest({ ...options, ...identity(tls, host) }) : plainRequest(options);
      request.on("error", (error) => reject(signal.reason === undefined ? error : new Error(`no answer within ${spec.timeout} s`)));
      request.on("response", ({ statusCode = 0 }) => {
        request.destroy();
        if (isWanted(statusCode, spec.status)) resolve();
        else reject(new Error(`status ${statusCode}`));
      });
      request.end();
    });
  }
}

// Private

function isWanted(status: number, wanted: number | null): boolean {
  return wanted === null ? status >= 200 && status < 400 : status === wanted;
}

function identity({ serverName, checked, context }: TlsIdentity, host: string): object {
  return {
    servername: serverName ?? (isIP(host) === 0 ? host : ""),
    rejectUnauthorized: checked,
    ...(context === undefined ? {} : { secureContext: context }),
  };
}
