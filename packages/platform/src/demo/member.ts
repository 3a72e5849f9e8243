/**
 * What one demo service brings along; `DemoService` gives it a connection, timers and a consumer.
 * A member never passes correlation ids by hand: what it publishes from `handle` carries them by itself.
 */
import type { HandlerContext, Message, Priority } from "@tidegate/streams";

export const TOPICS = ["identity", "assets", "automation", "communication", "ai", "network", "system"] as const;
export type Topic = (typeof TOPICS)[number];

/** Publishes to the service's own topic. */
export type Publish = (type: string, data: unknown, options?: { priority?: Priority; userId?: string }) => Promise<void>;

/** Work on a timer. A run that fails makes the service unhealthy until the next one succeeds. */
export interface Duty {
  readonly name: string;
  /** Milliseconds between the end of a run and the next start, ± 20 %. */
  readonly every: number;
  /** Milliseconds before the first run. Default 0. */
  readonly after?: number;
  /** The signal fires when the service stops. */
  run(signal: AbortSignal): Promise<void>;
}

/** The running half of a service: made at every start, so its state begins fresh after a restart. */
export interface Member {
  readonly duties: readonly Duty[];
  /** Own topic included. Must not publish in answer to what it published in answer: there would be no end. */
  handle?(message: Message, context: HandlerContext): Promise<void>;
  open?(): Promise<void>;
  close?(): Promise<void>;
  /** What this machine does not show, one line each. */
  missing?(): readonly string[];
}

export interface Role {
  readonly topic: Topic;
  /** Topics of the others it consumes, with its own group. */
  readonly listensTo: readonly Topic[];
  /** Services that must run before it. */
  readonly needs?: readonly Topic[];
  /** Handlers at once; 1 keeps samples in order. Default 4. */
  readonly concurrency?: number;
  begin(publish: Publish): Member;
}
