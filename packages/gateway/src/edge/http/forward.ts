/**
 * Sends requests on to their upstreams, and keeps their time: one sweeper looks at all of them, because a timer for each would cost more than the
 * rest of a small request.
 */
import { refuse } from "./answers.ts";
import type { Plan } from "./plan.ts";
import type { Reason } from "./reasons.ts";
import { Transit, type TransitOwner } from "./forward/transit.ts";
import type { UpgradedLine } from "./forward/upgraded-line.ts";

export type { UpgradedLine } from "./forward/upgraded-line.ts";

export interface ForwarderOptions {
  /** The upstream of a request for an upgrade answered 101; any other answer goes to the client as that to an ordinary request. */
  readonly upgraded?: (plan: Plan, line: UpgradedLine) => void;
  /** Milliseconds: how exact timeouts are. */
  readonly sweepEvery?: number;
}

const SWEEP = 250;

export class Forwarder {
  readonly #under = new Set<Transit>();
  readonly #owner: TransitOwner;
  readonly #sweepEvery: number;
  #sweeper: NodeJS.Timeout | null = null;

  constructor({ upgraded = refuseUpgrade, sweepEvery = SWEEP }: ForwarderOptions = {}) {
    this.#sweepEvery = sweepEvery;
    this.#owner = { refuse: answerRefused, onUpgrade: upgraded, onOver: (transit) => void this.#under.delete(transit) };
  }

  /** Requests under way; tunnels are not among them. */
  get size(): number {
    return this.#under.size;
  }

  /** Calls `plan.over` once, whatever happens. Takes requests for an upgrade as well. */
  readonly forward = (plan: Plan): void => {
    const transit = new Transit(plan, this.#owner);
    this.#under.add(transit);
    this.#sweeper ??= setInterval(() => this.#sweep(), this.#sweepEvery).unref();
    transit.begin();
  };

  // Private

  #sweep(): void {
    const now = performance.now();
    for (const transit of this.#under) transit.sweep(now);
    if (this.#under.size > 0 || this.#sweeper === null) return;
    clearInterval(this.#sweeper);
    this.#sweeper = null;
  }
}

// Private

function answerRefused({ conversation, record, target }: Plan, status: number, reason: Reason): void {
  refuse({ conversation, record, target: { data: target } }, { status, reason, fields: "" });
}

function refuseUpgrade(plan: Plan, { socket, over }: UpgradedLine): void {
  socket.destroy();
  answerRefused(plan, 502, "upstream_invalid");
  over();
}
