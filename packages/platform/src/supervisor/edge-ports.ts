/**
 * The HTTP and the HTTPS port of this machine, chosen before the edge workers start: they all have to listen on the same, and the kernel would share a
 * port silently with another Tidegate. So each is listened on for a moment, alone.
 */
import { createServer, type AddressInfo, type Server } from "node:net";
import type { PlatformConfig } from "../config.ts";
import { PlatformError } from "../errors.ts";

export interface EdgePorts {
  readonly edgeHost: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

type Scheme = "http" | "https";
type Wish = Pick<PlatformConfig, "edgeHost" | "httpPort" | "httpsPort" | "edgeChosen" | "production" | "edgeWorkers">;

const VARIABLES = { http: "HTTP_PORT", https: "HTTPS_PORT" } as const;
/** Where production goes when it may not listen below 1024. */
const UNPRIVILEGED = { http: 8080, https: 8443 } as const;

/** `say`: lines for the person who started it. PORT_IN_USE, INVALID_SETTING. */
export async function chooseEdgePorts(wish: Wish, say: (line: string) => void): Promise<EdgePorts> {
  const { edgeHost, httpPort, httpsPort } = wish;
  if (wish.edgeWorkers === 0) return { edgeHost, httpPort, httpsPort };
  const chooser = new Chooser(wish, await usableHost(wish), say);
  try {
    const http = await chooser.choose("http", httpPort);
    const https = await chooser.choose("https", httpsPort);
    return { edgeHost: chooser.host, httpPort: http, httpsPort: https };
  } finally {
    await chooser.release();
  }
}

/** As a person types them: by a name, because an address has no certificate. */
export function edgeUrls({ edgeHost, httpPort, httpsPort }: EdgePorts): readonly [http: string, https: string] {
  const host = ["127.0.0.1", "::1", "::", "0.0.0.0"].includes(edgeHost) ? "localhost" : edgeHost.includes(":") ? `[${edgeHost}]` : edgeHost;
  return [`http://${host}${httpPort === 80 ? "" : `:${httpPort}`}`, `https://${host}${httpsPort === 443 ? "" : `:${httpsPort}`}`];
}

// Private

/** Holds what it has chosen until all are, so that no port is chosen twice. */
class Chooser {
  readonly host: string;
  readonly #wish: Wish;
  readonly #say: (line: string) => void;
  readonly #held: Server[] = [];

  constructor(wish: Wish, host: string, say: (line: string) => void) {
    this.#wish = wish;
    this.host = host;
    this.#say = say;
  }

  async choose(scheme: Scheme, port: number): Promise<number> {
    const found = await this.#hold(port);
    if (typeof found === "number") return found;
    const exactly = this.#wish.edgeChosen[scheme];
    if (found === "EACCES" && !exactly && port !== UNPRIVILEGED[scheme]) return await this.#unprivileged(scheme, port);
    if (found !== "EADDRINUSE") throw unusable(scheme, this.host, port, found);
    const { strangerAt } = await import("@tidegate/gateway");
    const { who } = await strangerAt("tcp", this.host, port);
    if (exactly || this.#wish.production) throw taken(scheme, this.host, port, who);
    const free = await this.#hold(0);
    if (typeof free !== "number") throw unusable(scheme, this.host, 0, free);
    this.#say(`Port ${port} is in use by ${who}, so the edge takes ${free} for ${scheme.toUpperCase()}.`);
    return free;
  }

  async release(): Promise<void> {
    await Promise.all(this.#held.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async #unprivileged(scheme: Scheme, port: number): Promise<number> {
    const instead = await this.choose(scheme, UNPRIVILEGED[scheme]);
    this.#say(`Port ${port} is kept for root here, so the edge takes ${instead} for ${scheme.toUpperCase()}. To allow it:`);
    this.#say("  sudo sysctl net.ipv4.ip_unprivileged_port_start=80");
    return instead;
  }

  /** The port, or the system's code for why not. */
  async #hold(port: number): Promise<number | string> {
    const server = await listen(this.host, port);
    if (typeof server === "string") return server;
    this.#held.push(server);
    return (server.address() as AddressInfo).port;
  }
}

/** All addresses of both families where the machine has both. */
async function usableHost({ edgeHost, edgeChosen }: Wish): Promise<string> {
  if (edgeHost !== "::" || edgeChosen.host) return edgeHost;
  const found = await listen(edgeHost, 0);
  if (typeof found === "string") return "0.0.0.0";
  await new Promise((resolve) => found.close(resolve));
  return edgeHost;
}

function listen(host: string, port: number): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true, backlog: 1 }, () => resolve(server));
  });
}

function taken(scheme: Scheme, host: string, port: number, who: string): PlatformError {
  return new PlatformError("PORT_IN_USE", `Port ${port} on ${host}, meant for ${scheme.toUpperCase()}, is in use by ${who}.`, {
    hint: `Stop that, or choose another port with ${VARIABLES[scheme]}.`,
  });
}

function unusable(scheme: Scheme, host: string, port: number, code: string): PlatformError {
  const low = code === "EACCES" ? " Every user may listen from 80 on after: sudo sysctl net.ipv4.ip_unprivileged_port_start=80" : "";
  return new PlatformError("INVALID_SETTING", `The edge cannot listen on ${host} port ${port} for ${scheme.toUpperCase()}: ${code}.`, {
    hint: `EDGE_HOST must be an address of this machine, ${VARIABLES[scheme]} a port this user may have.${low}`,
  });
}
