/** Clients, the real parser, the forwarder and upstreams of one's own on real sockets; what stands between parser and forwarder is a fixed plan. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { AccessRecord } from "../exchange.ts";
import { Forwarder, type ForwarderOptions } from "../forward.ts";
import { trueClient } from "../headers/client.ts";
import { HttpConnections } from "../inbound.ts";
import type { EndpointSpec, GroupSpec, Plan } from "../plan.ts";
import { RequestRecord } from "../record.ts";
import { Upstreams, type UpstreamsOptions } from "../upstream/upstreams.ts";
import { NOBODY, targetOf } from "./plan.ts";

export interface BedOptions {
  readonly upstreams?: UpstreamsOptions;
  readonly forwarder?: ForwarderOptions;
}

export class ForwardBed implements AsyncDisposable {
  readonly upstreams: Upstreams;
  readonly forwarder: Forwarder;
  readonly connections: HttpConnections;
  readonly records: AccessRecord[] = [];
  /** Of the next requests. */
  plan: Partial<Plan> = {};
  spec: GroupSpec = groupOf([]);
  over = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];

  private constructor({ upstreams, forwarder }: BedOptions) {
    this.upstreams = new Upstreams(upstreams);
    this.forwarder = new Forwarder({ sweepEvery: 20, ...forwarder });
    this.connections = new HttpConnections({ handler: (conversation) => this.#forward(conversation) });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const { remoteAddress: address = "", remotePort: port = 0, localPort = 0 } = socket;
      this.connections.admit(socket, { address, port, localPort, secure: false, serverName: null, tlsVersion: null });
    });
  }

  static async start(options: BedOptions = {}): Promise<ForwardBed> {
    const bed = new ForwardBed(options);
    bed.upstreams.start();
    bed.#server.listen(0, "127.0.0.1");
    await once(bed.#server, "listening");
    return bed;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** An upstream by bytes; sockets are closed with the bed. The group of the next requests has it as its only endpoint, or one more. */
  async upstream(serve: (socket: Socket, nth: number) => void, add = false): Promise<EndpointSpec> {
    let count = 0;
    const server = createServer({ noDelay: true }, (socket) => {
      this.#track(socket);
      count += 1;
      serve(socket, count);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return this.uses(server, add);
  }

  /** A listening server, closed with the bed. */
  uses(server: Server, add = false): EndpointSpec {
    this.#servers.push(server);
    const endpoint = endpointOf((server.address() as AddressInfo).port);
    this.spec = groupOf(add ? [...this.spec.endpoints, endpoint] : [endpoint]);
    return endpoint;
  }

  /** Sends text and reads until the connection ends. */
  async say(text: string): Promise<string> {
    const socket = this.client();
    socket.write(text, "latin1");
    return readAll(socket);
  }

  client(): Socket {
    return this.#track(connect({ port: this.port, host: "127.0.0.1", noDelay: true }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.connections.cutAll();
    this.upstreams.close();
    for (const server of this.#servers) if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
    await Promise.all([this.#server, ...this.#servers].map((server) => new Promise((resolve) => server.close(resolve))));
  }

  // Private

  #track(socket: Socket): Socket {
    this.#sockets.add(socket);
    return socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
  }

  #forward(conversation: Plan["conversation"]): void {
    const { request } = conversation;
    const client = trueClient(request, NOBODY);
    const record = new RequestRecord(request, client.address);
    const over = (): void => {
      this.over += 1;
      this.records.push(record);
    };
    const target = targetOf();
    const { timeouts } = target;
    const base = {
      conversation,
      record,
      target,
      route: null,
      path: request.target,
      timeouts,
      client,
      identity: null,
      hide: [],
      extra: [],
      limits: "",
      over,
    };
    this.forwarder.forward({ ...base, group: this.upstreams.group(this.spec), ...this.plan });
  }
}

export function endpointOf(port: number, host = "127.0.0.1"): EndpointSpec {
  return { id: `${host}:${port}`, host, port, secure: false, authority: `${host}:${port}` };
}

export function groupOf(endpoints: readonly EndpointSpec[], some: Partial<GroupSpec> = {}): GroupSpec {
  const tls = { ca: null, server_name: null, insecure: false };
  const spec = { name: "test", endpoints, balance: { policy: "p2c", retries: 2 }, health: null, tls, ...some } as const;
  return { ...spec, key: JSON.stringify(spec) };
}

export async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  await new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
  return text;
}
