/**
 * The one shape of everything the orchestrator runs. Whoever implements it owns one lifetime and nothing else:
 * no restarts, no timers for health, no signals of the process; those belong to the orchestrator.
 */

export interface ComponentHealth {
  readonly healthy: boolean;
  /** One line for a person: why it is unhealthy, or what it is doing. */
  readonly detail?: string;
}

export interface Component {
  /** As shown in the console and in `tidegate status`, e.g. `streams` or `demo.network`. */
  readonly name: string;
  /** Milliseconds `start` may take before the attempt counts as failed. Default 15,000. */
  readonly startLimit?: number;
  /** Milliseconds `stop` may take before it is left behind. Default 10,000. */
  readonly stopLimit?: number;
  /**
   * Resolves when the component does its work; rejects when it cannot. The signal fires when the time is over or a stop was
   * asked for. After a rejection `stop` is called once, then `start` again on the same object: both must tolerate that.
   */
  start(signal: AbortSignal): Promise<void>;
  /** Drains and releases everything, also after a failed or half-done start. The signal fires when the time is over. */
  stop(signal: AbortSignal): Promise<void>;
  /** Asked every second while started; cheap, and never throws for a reason it can put into `detail`. */
  health(): ComponentHealth | Promise<ComponentHealth>;
}
