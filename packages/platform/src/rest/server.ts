/**
 * The control server: REST, console and live channel on one port. It owns no Redis connection; `tide` is the caller's and
 * outlives it.
 */
import type { Gateway } from "@tidegate/gateway";
import type { Tide } from "@tidegate/streams";
import type { FastifyInstance } from "fastify";
import type { ApiTokens } from "../auth/api-tokens.ts";
import type { Auth } from "../auth/auth.ts";
import { Gate } from "../auth/gate.ts";
import { isLoopback } from "../auth/origin.ts";
import { SignIns } from "../auth/sign-ins.ts";
import type { SignInEvent } from "../auth/sign-ins.ts";
import type { OrchestratorStatus } from "../contract.ts";
import { Hub } from "../live/hub.ts";
import type { Observation } from "../processors/compose.ts";
import type { Logs } from "../processors/logs/logs.ts";
import { Sampler } from "../live/sampler.ts";
import { upgradeInto } from "../live/upgrade.ts";
import { buildApp } from "./app.ts";
import { auditSignIn } from "./audit-log.ts";
import { ConsoleFiles } from "./console-files.ts";
import { OpenAnswers } from "./open-answers.ts";
import type { ChangesOfState } from "./orchestrator.ts";
import { allRoutes } from "./routes.ts";

export interface ControlServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tide: Tide;
  readonly orchestrator: { status(): OrchestratorStatus };
  readonly auth: Auth;
  readonly observation: Observation;
  readonly gateway: Gateway;
  readonly tokens: ApiTokens;
  readonly history: ChangesOfState;
  /** Key of the stream of audit entries. */
  readonly auditStream: string;
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
  readonly #unwatch: () => void;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    const { tide, auth, observation, gateway, tokens, history, auditStream } = options;
    const logger = tide.logger("api");
    const status = (): OrchestratorStatus => options.orchestrator.status();
    const gate = new Gate({ auth, signIns: this.#signIns, loopback: isLoopback(options.host) });
    const stillGood = gate.stillGood.bind(gate);
    const logs = (): Logs => observation.logs;
    const alerts = async () => await observation.alerts.table.active();
    this.#hub = new Hub({ tide, sampler: new Sampler(tide, status), logs, alerts, refreshInterval: options.refreshInterval, stillGood });
    const openAnswers = new OpenAnswers();
    const ended = (): void => {
      this.#hub.sweep();
      openAnswers.sweep(stillGood);
    };
    this.#app = buildApp({
      gate,
      tide,
      routes: allRoutes({ tide, status, observation, gateway, tokens, history, auditStream, gate, ended }),
      openAnswers,
      consoleFiles: new ConsoleFiles(options.consoleFolder),
      onError: options.onError ?? reportOnStderr,
    });
    this.#unwatch = tokens.directory.onChange(ended);
    this.#signIns.listen((event) => auditSignIn(logger, event));
    this.#app.server.on("upgrade", upgradeInto(this.#hub, gate, tide));
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
    this.#unwatch();
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
