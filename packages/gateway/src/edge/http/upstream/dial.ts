/**
 * One connection to an endpoint, from the name to the TLS handshake, within one time limit. What comes out is connected and has an error
 * listener; who gets it adds their own.
 */
import { connect, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import type { EndpointSpec, GroupSpec } from "../plan.ts";
import { type Names, refusedAddress } from "./names.ts";
import { connectError, UpstreamError } from "./upstream-error.ts";

/** An address that says nothing is given up for the next of the name after this; the last one has the whole limit. */
const NEXT_ADDRESS = 1_000;

/** What TLS to one endpoint needs and remembers. */
export class TlsIdentity {
  readonly #tls: GroupSpec["tls"];
  #context: SecureContext | null = null;
  /** Of the last connection: a resumed handshake costs neither side a signature. */
  session: Buffer | undefined;

  constructor(tls: GroupSpec["tls"]) {
    this.#tls = tls;
  }

  /** Null: any certificate of the host itself. */
  get serverName(): string | null {
    return this.#tls.server_name;
  }

  get checked(): boolean {
    return !this.#tls.insecure;
  }

  /** Made once: parsing the system's authorities takes tens of milliseconds. */
  get context(): SecureContext | undefined {
    if (this.#tls.ca === null) return undefined;
    this.#context ??= createSecureContext({ ca: [...getCACertificates("default"), this.#tls.ca] });
    return this.#context;
  }
}

export interface DialOptions {
  readonly endpoint: EndpointSpec;
  readonly names: Names;
  readonly tls: TlsIdentity;
  /** Where reads of a plain connection land; a TLS connection has ordinary data events. */
  readonly onread: OnReadOpts | null;
  /** Milliseconds, all addresses and TLS together. */
  readonly limit: number;
}

/** `done` is told once. */
export function dial(options: DialOptions, done: (error: UpstreamError | null, socket: Socket | null) => void): Socket | null {
  const { endpoint, limit } = options;
  const refused = refusedAddress(endpoint.host);
  if (refused !== null) {
    done(refused, null);
    return null;
  }
  const socket = open(options);
  const where = `${endpoint.host}:${endpoint.port}`;
  const late = setTimeout(() => socket.destroy(silent(where, limit)), limit);
  let over = false;
  const finish = (error: unknown): void => {
    if (over) return;
    over = true;
    clearTimeout(late);
    if (error === null) done(null, socket);
    else {
      socket.destroy();
      done(connectError(error, where), null);
    }
  };
  socket.once(endpoint.secure ? "secureConnect" : "connect", () => finish(null));
  socket.on("error", finish).once("close", () => finish(new Error("closed while connecting")));
  return socket;
}

// Private

function open({ endpoint, names, tls, onread }: DialOptions): Socket {
  const address = {
    host: endpoint.host,
    port: endpoint.port,
    noDelay: true,
    lookup: names.lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS,
  };
  if (!endpoint.secure) return connect(onread === null ? address : { ...address, onread });
  const socket = connectTls({ ...address, ...identity(tls, endpoint.host), ALPNProtocols: ["http/1.1"] });
  return socket.on("session", (session) => (tls.session = session));
}

function identity(tls: TlsIdentity, host: string): object {
  const { context, session } = tls;
  return {
    servername: tls.serverName ?? (isIP(host) === 0 ? host : ""),
    rejectUnauthorized: tls.checked,
    ...(context === undefined ? {} : { secureContext: context }),
    ...(session === undefined ? {} : { session }),
  };
}

function silent(where: string, limit: number): UpstreamError {
  return new UpstreamError("timeout", `${where}: no connection within ${limit} ms`);
}
