/**
 * The control server: REST, console and live channel on one port. It owns no Redis connection; `tide` is the caller's and
 * outlives it.
 */
import type { Tide } from "@tidegate/streams";
import type { FastifyInstance } from "fastify";
import type { Auth } from "../auth/auth.ts";
import { Gate } from "../auth/gate.ts";
import { isLoopback } from "../auth/origin.ts";
import { SignIns } from "../auth/sign-ins.ts";
import type { SignInEvent } from "../auth/sign-ins.ts";
import type { OrchestratorStatus } from "../contract.ts";
import { Hub } from "../live/hub.ts";
import { Sampler } from "../live/sampler.ts";
import { upgradeInto } from "../live/upgrade.ts";
import { buildApp } from "./app.ts";
import { ConsoleFiles } from "./console-files.ts";
import { allRoutes } from "./routes.ts";

export interface ControlServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tide: Tide;
  readonly orchestrator: { status(): OrchestratorStatus };
  readonly auth: Auth;
  /** Folder of the built console; null serves a page that says how to build it. */
  readonly consoleFolder: string | null;
  /** Seconds: a live update comes at least this often. */
  readonly refreshInterval: number;
  /** Told of answers with status 500. Default: one line on stderr. */
  readonly onError?: (error: unknown, requestId: string) => void;
}

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #signIns = new SignIns();
  readonly #hub: Hub;
  readonly #app: FastifyInstance;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    const { tide, auth } = options;
    const status = (): OrchestratorStatus => options.orchestrator.status();
    const gate = new Gate({ auth, signIns: this.#signIns, loopback: isLoopback(options.host) });
    const stillGood = gate.stillGood.bind(gate);
    this.#hub = new Hub({ tide, sampler: new Sampler(tide, status), refreshInterval: options.refreshInterval, stillGood });
    this.#app = buildApp({
      gate,
      routes: allRoutes({ tide, status, gate, ended: () => this.#hub.sweep() }),
      consoleFiles: new ConsoleFiles(options.consoleFolder),
      onError: options.onError ?? reportOnStderr,
    });
    this.#app.server.on("upgrade", upgradeInto(this.#hub, gate));
  }

  /** Rejects with Node's own error (`code: "EADDRINUSE"`, `"EACCES"`, …) when the port cannot be had. */
  async start(): Promise<{ url: string; port: number }> {
    const { host, port } = this.#options;
    await this.#app.listen({ host, port });
    const address = this.#app.server.address();
    const bound = typeof address === "object" && address !== null ? address.port : port;
    return { url: `http://${reachableHost(host)}:${bound}`, port: bound };
  }

  /** Ends live connections and requests under way; quick whatever the other side does. */
  async stop(): Promise<void> {
    this.#hub.close();
    await this.#app.close();
  }

  onSignIn(listener: (event: SignInEvent) => void): void {
    this.#signIns.listen(listener);
  }
}

// Private

/** An address to click on: "all interfaces" is not one. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function reportOnStderr(error: unknown, requestId: string): void {
  process.stderr.write(`request ${requestId} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
