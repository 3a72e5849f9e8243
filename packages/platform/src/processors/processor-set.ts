/** The processors of one component, together: started and stopped, and judged by how far behind they are. */
import type { ProcessorStatus } from "../contract.ts";
import type { ComponentHealth } from "../orchestrator/component.ts";
import type { Processor } from "./processor.ts";

const LATE = 30;
/** Milliseconds in which somebody takes over the lease of a process that has gone. */
const TAKE_OVER = 15_000;
/** Milliseconds for which one answer serves all who ask. */
const FRESH = 2_000;

export class ProcessorSet {
  readonly #processors: readonly Pick<Processor, "start" | "stop" | "status">[];
  readonly #now: () => number;
  readonly #late: number;
  /** Since when nobody holds a stream's lease. */
  readonly #nobody = new Map<string, number>();
  #asked: { readonly at: number; readonly answer: Promise<ProcessorStatus[]> } | null = null;

  /** `now`: milliseconds of a clock that never goes back. `late`: seconds an entry may wait before the component is called unhealthy. */
  constructor(
    processors: readonly Pick<Processor, "start" | "stop" | "status">[],
    now: () => number = () => performance.now(),
    late: number = LATE,
  ) {
    this.#processors = processors;
    this.#now = now;
    this.#late = late;
  }

  start(): void {
    for (const processor of this.#processors) processor.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.stop()));
  }

  statuses(): Promise<ProcessorStatus[]> {
    if (this.#asked === null || this.#now() - this.#asked.at > FRESH) {
      const answer = Promise.all(this.#processors.map((processor) => processor.status()));
      this.#asked = { at: this.#now(), answer };
      answer.catch(() => (this.#asked = null));
    }
    return this.#asked.answer;
  }

  async health(): Promise<ComponentHealth> {
    try {
      return this.#judge(await this.statuses());
    } catch {
      // Whether Redis answers is another component's matter.
      return { healthy: true, detail: "waits for Redis" };
    }
  }

  // Private

  #judge(statuses: readonly ProcessorStatus[]): ComponentHealth {
    const now = this.#now();
    for (const { stream, holder } of statuses)
      if (holder !== null) this.#nobody.delete(stream);
      else if (!this.#nobody.has(stream)) this.#nobody.set(stream, now);
    const left = statuses.find(({ stream }) => now - (this.#nobody.get(stream) ?? now) > TAKE_OVER);
    if (left !== undefined) return { healthy: false, detail: `nobody reads ${left.stream}` };
    const late = statuses.toSorted((one, other) => other.lag_seconds - one.lag_seconds)[0];
    if (late === undefined || late.lag_seconds <= this.#late) return { healthy: true };
    return { healthy: false, detail: `${late.lag} entries behind in ${late.stream}, the oldest for ${Math.round(late.lag_seconds)} s` };
  }
}
