/** Which connections this worker has, by endpoint, so that one that is drained is known to be idle, or can be cut. */
const MOST_REMEMBERED = 100;

export class Connections {
  accepted = 0;
  denied = 0;
  held = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly #onIdle: (endpoint: string) => void;
  readonly #open = new Map<string, Set<() => void>>();
  readonly #cut = new Map<string, number>();

  /** Told when an endpoint has lost its last connection. */
  constructor(onIdle: (endpoint: string) => void) {
    this.#onIdle = onIdle;
  }

  /** From the moment it is dialled; `end` cuts it. Answers what must be called when it is over. */
  open(endpoint: string, end: () => void): () => void {
    const connections = this.#open.get(endpoint) ?? new Set();
    this.#open.set(endpoint, connections.add(end));
    return () => {
      if (!connections.delete(end) || connections.size > 0) return;
      this.#open.delete(endpoint);
      this.#onIdle(endpoint);
    };
  }

  cut(endpoint: string): void {
    const connections = [...(this.#open.get(endpoint) ?? [])];
    if (connections.length === 0) return;
    const before = this.#cut.get(endpoint) ?? 0;
    this.#cut.delete(endpoint);
    this.#cut.set(endpoint, before + connections.length);
    if (this.#cut.size > MOST_REMEMBERED) this.#cut.delete(this.#cut.keys().next().value ?? "");
    for (const end of connections) end();
  }

  get openCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#open].map(([endpoint, connections]) => [endpoint, connections.size]));
  }

  get cutCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#cut);
  }
}
