/** One place of a group: its connections, its health, and how many requests are under way there. */
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import type { EndpointSpec, UpstreamEndpoint } from "../plan.ts";
import { Health } from "./health.ts";
import { Pool, type PoolDeps } from "./pool.ts";

export class Endpoint implements UpstreamEndpoint {
  readonly spec: EndpointSpec;
  readonly cookie: string;
  readonly health = new Health();
  readonly pool: Pool;
  #open = 0;
  readonly #onIdle: (id: string) => void;
  /** Sockets that were handed out for tunnels. */
  readonly lines = new Set<Socket>();

  constructor(deps: PoolDeps, onIdle: (id: string) => void) {
    this.#onIdle = onIdle;
    this.spec = deps.endpoint;
    this.pool = new Pool(deps);
    // Not the id itself: that may be an address inside.
    this.cookie = createHash("sha256").update(deps.endpoint.id).digest("base64url").slice(0, 16);
  }

  /** Requests and tunnels under way. */
  get open(): number {
    return this.#open;
  }

  enter(): void {
    this.#open += 1;
  }

  leave(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#onIdle(this.spec.id);
  }

  /** Ends everything that is under way here. */
  cut(): void {
    this.pool.cut();
    for (const line of this.lines) line.destroy();
  }
}
