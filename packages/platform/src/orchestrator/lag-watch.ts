/** How far the slowest consumer group is behind, in messages and in seconds: asked at a gentle pace and kept for whoever wants to know. */
import type { OrchestratorStatus } from "../contract.ts";
import { messageOf } from "../errors.ts";
import type { Component, ComponentHealth } from "./component.ts";
import type { StreamsConnection } from "./streams-connection.ts";

type Lag = OrchestratorStatus["lag"];

const INTERVAL = 5_000;
const NONE: Lag = { messages: 0, seconds: 0, group: null };

export class LagWatch implements Component {
  readonly name = "lag";
  readonly #streams: Pick<StreamsConnection, "tide">;
  readonly #interval: number;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;
  #lag = NONE;
  #failure: string | null = null;

  constructor(streams: Pick<StreamsConnection, "tide">, interval: number = INTERVAL) {
    this.#streams = streams;
    this.#interval = interval;
  }

  get lag(): Lag {
    return this.#lag;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = null));
    }, this.#interval);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  health(): ComponentHealth {
    if (this.#failure !== null) return { healthy: false, detail: this.#failure };
    const { messages, seconds, group } = this.#lag;
    return { healthy: true, detail: group === null ? "nobody is behind" : `${group} is ${messages} messages behind, ${seconds} s` };
  }

  async #look(): Promise<void> {
    try {
      const groups = await this.#streams.tide.groups.list();
      const first = groups.toSorted((a, b) => b.lag - a.lag)[0];
      const seconds = Math.max(0, ...groups.map(({ lagSeconds }) => lagSeconds));
      this.#lag =
        first === undefined || first.lag === 0
          ? NONE
          : { messages: first.lag, seconds: Math.round(seconds * 10) / 10, group: `${first.topic}/${first.group}` };
      this.#failure = null;
    } catch (error) {
      this.#failure = messageOf(error);
    }
  }
}
