import type { Socket } from "node:net";
import type { Conversation, Peer } from "../exchange.ts";
import type { HttpLimits } from "./limits.ts";
import type { Refusal } from "./refusal.ts";

/** All connections, as one of them sees them. */
export interface Home {
  readonly limits: HttpLimits;
  readonly draining: boolean;
  begin(conversation: Conversation): void;
  refused(refusal: Refusal): void;
  /** The handler or a sink threw: a bug, not the client's fault. */
  broken(error: Error): void;
  closed(guest: Guest): void;
  detached(guest: Guest): void;
}

/** One connection, as all of them see it. */
export interface Guest {
  readonly socket: Socket;
  readonly peer: Peer;
  sweep(now: number): void;
  drain(): void;
  cut(): void;
}
