/**
 * The HTTP and the HTTPS port of this worker, made to be what is asked for: only the difference is touched, and connections that stand go on. A port that
 * cannot be listened on is told with who has it and is tried again by `retry`, which the worker calls once a second.
 */
import { createServer, type AddressInfo, type Server } from "node:net";
import { processAt, inWords } from "../../ports/holder.ts";
import { addressOf } from "../places.ts";
import type { EdgeFailure } from "../report.ts";
import { Openings, type OpeningCounts, type OpeningsOptions } from "./openings.ts";

export interface HttpPorts {
  readonly host: string;
  /** 0 takes a free one, for tests: several workers would each take another. Null: none. */
  readonly http: number | null;
  readonly https: number | null;
}

type Scheme = "http" | "https";

interface Wanted {
  readonly host: string;
  readonly port: number;
}

interface Standing extends Wanted {
  readonly server: Server;
}

const NONE: HttpPorts = { host: "127.0.0.1", http: null, https: null };
const SCHEMES = ["http", "https"] as const;
const KEEP_ALIVE = 60_000;
/** The kernel holds as many connections until they are accepted; its own limit may be lower. */
const BACKLOG = 4_096;

export class HttpListeners {
  readonly #openings: Openings;
  readonly #standing = new Map<Scheme, Standing>();
  readonly #failures = new Map<Scheme, EdgeFailure>();
  #wanted: HttpPorts = NONE;
  /** One change at a time. */
  #work: Promise<unknown> = Promise.resolve();
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: OpeningsOptions) {
    this.#openings = new Openings(options);
  }

  /** As `127.0.0.1:8080`. */
  get listening(): string[] {
    return [...this.#standing.values()].map(({ host, server }) => addressOf({ bind: host, port: portOf(server) }));
  }

  /** As `https://127.0.0.1:8443`. */
  get urls(): string[] {
    return [...this.#standing].map(([scheme, { host, server }]) => `${scheme}://${addressOf({ bind: host, port: portOf(server) })}`);
  }

  get failures(): EdgeFailure[] {
    return [...this.#failures.values()];
  }

  get counts(): OpeningCounts {
    return this.#openings.counts;
  }

  /** The port it has; null while it has none. */
  port(scheme: Scheme): number | null {
    const standing = this.#standing.get(scheme);
    return standing === undefined ? null : portOf(standing.server);
  }

  /** Resolves when everything that changed is done or has failed. */
  set(ports: HttpPorts): Promise<void> {
    this.#sweeper ??= setInterval(() => this.#openings.sweep(), 1_000).unref();
    return this.#inTurn(async () => {
      this.#wanted = ports;
      for (const scheme of SCHEMES) await this.#put(scheme);
    });
  }

  /** True when something that failed works now. */
  retry(): Promise<boolean> {
    return this.#inTurn(async () => {
      const failed = [...this.#failures.keys()];
      for (const scheme of failed) await this.#put(scheme);
      return failed.some((scheme) => !this.#failures.has(scheme));
    });
  }

  /** Nothing new is taken, and who has not asked for anything yet is cut; connections that were admitted are somebody else's. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    await this.#work;
    for (const scheme of SCHEMES) this.#drop(scheme);
    this.#failures.clear();
    this.#openings.cutAll();
  }

  // Private

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #put(scheme: Scheme): Promise<void> {
    if (this.#closed) return;
    const { host, [scheme]: port } = this.#wanted;
    const standing = this.#standing.get(scheme);
    if (standing !== undefined && standing.host === host && standing.port === port) return;
    this.#drop(scheme);
    this.#failures.delete(scheme);
    if (port === null) return;
    try {
      this.#standing.set(scheme, { host, port, server: await this.#listen(scheme, { host, port }) });
    } catch (error) {
      this.#failures.set(scheme, { bind: host, port, kind: "listen", why: await inWhoseWay(error, { host, port }) });
    }
  }

  #drop(scheme: Scheme): void {
    this.#standing.get(scheme)?.server.close();
    this.#standing.delete(scheme);
  }

  async #listen(scheme: Scheme, { host, port }: Wanted): Promise<Server> {
    const secure = scheme === "https";
    const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE }, (socket) =>
      this.#openings.accept(socket, secure),
    );
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject).once("listening", resolve);
    // Several workers share a port; the kernel spreads the connections. Only Linux does.
    server.listen({ host, port, exclusive: true, reusePort: process.platform === "linux", backlog: BACKLOG });
    await promise;
    // Of a later error (no file descriptor left) the next connection tells as well.
    server.off("error", reject).on("error", () => {});
    return server;
  }
}

// Private

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

async function inWhoseWay(problem: unknown, { host, port }: Wanted): Promise<string> {
  const why = problem instanceof Error ? problem.message : String(problem);
  if ((problem as NodeJS.ErrnoException).code !== "EADDRINUSE") return why;
  const holder = await processAt("tcp", host, port).catch(() => null);
  return holder === null ? why : `${why}: ${inWords(holder)} has it`;
}
