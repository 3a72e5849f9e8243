/**
 * REST, WebSocket and console as one component. Each start makes a new server, so a failed one leaves nothing behind;
 * those who listen for sign-ins listen here and need not know.
 */
import { PlatformError } from "../errors.ts";
import { ControlServer, type ControlServerOptions } from "../rest/server.ts";
import type { Component, ComponentHealth } from "./component.ts";

export type SignInListener = Parameters<ControlServer["onSignIn"]>[0];

export class ConsoleServer implements Component {
  readonly name = "console";
  readonly #options: () => ControlServerOptions;
  readonly #listeners: SignInListener[] = [];
  #server: ControlServer | null = null;
  #address: { url: string; port: number } | null = null;

  /** `options` is asked at every start, when all that the server needs exists. */
  constructor(options: () => ControlServerOptions) {
    this.#options = options;
  }

  /** Null until it listens. */
  get address(): { readonly url: string; readonly port: number } | null {
    return this.#address;
  }

  onSignIn(listener: SignInListener): void {
    this.#listeners.push(listener);
    this.#server?.onSignIn(listener);
  }

  async start(): Promise<void> {
    const options = this.#options();
    const server = new ControlServer(options);
    this.#server = server;
    for (const listener of this.#listeners) server.onSignIn(listener);
    try {
      this.#address = await server.start();
    } catch (error) {
      throw asOurs(error, options.host, options.port);
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#address = null;
    await server?.stop();
  }

  health(): ComponentHealth {
    return this.#address === null ? { healthy: false, detail: "not listening" } : { healthy: true, detail: this.#address.url };
  }
}

// Private

function asOurs(error: unknown, host: string, port: number): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EADDRINUSE") {
    return new PlatformError("PORT_IN_USE", `Port ${port} on ${host}, meant for the console, is used by another program.`, {
      cause: error,
      hint: "Choose another with --port <number>, or --port 0 for a free one.",
    });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EACCES") {
    return new PlatformError("INVALID_SETTING", `The console cannot listen on ${host} port ${port}: ${code}.`, {
      cause: error,
      hint: "Choose an address of this machine with --host, for example 127.0.0.1, and a port above 1023 with --port.",
    });
  }
  return error;
}
