/**
 * How long one connection was waited for. Looked at by a sweep over all connections instead of a timer for each: a change only notes that the time
 * begins anew, and the next sweep dates it. So no time is shorter than its limit, and none longer than that and one sweep.
 */
import { HttpError } from "../wire/http-error.ts";
import type { HttpLimits } from "./limits.ts";

export function clientGone(): Error {
  return new Error("the client closed the connection");
}

export class Patience {
  readonly #limits: HttpLimits;
  /** When the state was first seen by a sweep; 0: not yet. */
  #since = 0;
  #wantsBody = true;
  #bodyBytes = 0;
  #bodyWaited = 0;
  #bodySwept = 0;
  #waiting = 0;
  #taken = 0;
  #takenAt = 0;

  #endedAt = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** The client ended its side. */
  ended(): void {
    this.#endedAt = performance.now();
  }

  get halfClosed(): boolean {
    return this.#endedAt > 0;
  }

  /** Waits for its answer, or is gone: after a while the latter. */
  hasLeft(now: number): boolean {
    return this.halfClosed && now - this.#endedAt > this.#limits.halfClosed;
  }

  /** Another state begins: idle, a head, lingering. */
  changed(): void {
    this.#since = 0;
  }

  /** A request, and so its body. */
  begun(): void {
    this.#since = 0;
    this.#wantsBody = true;
    this.#bodyBytes = 0;
    this.#bodyWaited = 0;
    this.#bodySwept = 0;
  }

  arrived(bytes: number): void {
    this.#since = 0;
    this.#bodyBytes += bytes;
  }

  /** The upstream takes no more for now: that is not the client's fault. */
  unwanted(): void {
    this.#wantsBody = false;
  }

  wanted(): void {
    this.#wantsBody = true;
    this.#since = 0;
    this.#bodySwept = 0;
  }

  idle(now: number): boolean {
    return this.#over(now, this.#limits.idleTimeout);
  }

  head(now: number): HttpError | null {
    const { headTimeout } = this.#limits;
    if (!this.#over(now, headTimeout)) return null;
    return new HttpError(408, "head-timeout", `the head of the request was not complete after ${headTimeout / 1000} s`);
  }

  lingered(now: number): boolean {
    return this.#over(now, this.#limits.linger);
  }

  body(now: number): HttpError | null {
    if (!this.#wantsBody) return null;
    const { bodyTimeout, bodyGrace, bodyRate } = this.#limits;
    if (this.#bodySwept > 0) this.#bodyWaited += now - this.#bodySwept;
    this.#bodySwept = now;
    if (this.#over(now, bodyTimeout)) return new HttpError(408, "body-timeout", `no byte of the body came for ${bodyTimeout / 1000} s`);
    if (this.#bodyWaited < bodyGrace || (this.#bodyBytes * 1000) / this.#bodyWaited >= bodyRate) return null;
    return new HttpError(408, "body-too-slow", `the body came with less than ${bodyRate} bytes a second`);
  }

  /** Whether the client has taken nothing for too long of what waits for it. `given`: all bytes so far, `waiting`: those not taken. */
  written(now: number, given: number, waiting: number): boolean {
    const taken = given - waiting;
    const stands = waiting > 0 && this.#waiting > 0 && taken === this.#taken;
    this.#waiting = waiting;
    if (stands) return now - this.#takenAt >= this.#limits.writeTimeout;
    this.#taken = taken;
    this.#takenAt = now;
    return false;
  }

  // Private

  #over(now: number, limit: number): boolean {
    if (this.#since === 0) this.#since = now;
    return now - this.#since >= limit;
  }
}
