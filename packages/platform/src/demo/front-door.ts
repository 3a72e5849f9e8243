/** The demo's part of the gateway: the console and a sample service, reached by name over HTTPS. */
import { GatewayError, type Gateway } from "@tidegate/gateway";
import type { Component, ComponentHealth } from "../orchestrator/component.ts";
import { Hello } from "./hello.ts";
import { CONSOLE_HOST, HELLO_HOST } from "./hosts.ts";

const BY = "demo";

export interface FrontDoorDeps {
  readonly gateway: Gateway;
  /** Of the console itself, not through the edge. */
  readonly consoleUrl: () => string;
}

export class FrontDoor implements Component {
  readonly name = "demo:front-door";
  readonly #deps: FrontDoorDeps;
  readonly #hello: Hello;
  #detail = "";

  constructor(deps: FrontDoorDeps) {
    this.#deps = deps;
    this.#hello = new Hello(deps.consoleUrl);
  }

  async start(): Promise<void> {
    await this.#hello.open();
    await this.#lead(HELLO_HOST, this.#hello.url, "The demo's sample page.");
    await this.#lead(CONSOLE_HOST, this.#deps.consoleUrl(), "This console, by name.");
    this.#detail = `${HELLO_HOST} and ${CONSOLE_HOST}`;
  }

  async stop(): Promise<void> {
    await this.#hello.close();
  }

  health(): ComponentHealth {
    return { healthy: true, detail: this.#detail };
  }

  // Private

  /** A target that somebody has changed meanwhile keeps everything but where it leads: that port is another one after each start. */
  async #lead(host: string, url: string, description: string): Promise<void> {
    const { targets } = this.#deps.gateway.proxies;
    try {
      await targets.create(host, { target_url: url, enable_https: true, http: "serve", description }, BY);
    } catch (error) {
      if (!(error instanceof GatewayError && error.code === "NAME_TAKEN")) throw error;
      const before = await targets.get(host);
      if (before.data.owner === BY) await targets.update(before, { target_url: url }, BY);
    }
  }
}
