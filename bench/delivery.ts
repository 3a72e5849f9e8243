/** Counts deliveries by sequence number: a figure counts only if every message came exactly once. */
export class Delivery {
  readonly #counts: Uint8Array;
  #received = 0;

  constructor(count: number) {
    this.#counts = new Uint8Array(count);
  }

  get received(): number {
    return this.#received;
  }

  readonly seen = (payload: { readonly seq: number }): void => {
    this.#received += 1;
    this.#counts[payload.seq]! += 1;
  };

  /** Throws unless each of the messages came once. */
  check(peer: string): void {
    const lost = this.#counts.filter((times) => times === 0).length;
    const duplicated = this.#counts.filter((times) => times > 1).length;
    if (lost === 0 && duplicated === 0 && this.#received === this.#counts.length) return;
    throw new Error(
      `${peer} did not deliver exactly once: of ${this.#counts.length} messages ${lost} lost, ${duplicated} more than once, ${this.#received} deliveries.`,
    );
  }
}
