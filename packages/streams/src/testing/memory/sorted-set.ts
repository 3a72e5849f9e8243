/** Members by score, then by name. Small sets are sorted when they are looked at; nobody here has large ones. */
export class SortedSet {
  readonly #scores = new Map<string, number>();
  #ordered: readonly (readonly [member: string, score: number])[] | undefined;

  get size(): number {
    return this.#scores.size;
  }

  score(member: string): number | undefined {
    return this.#scores.get(member);
  }

  set(member: string, score: number): void {
    this.#scores.set(member, score);
    this.#ordered = undefined;
  }

  delete(member: string): boolean {
    this.#ordered = undefined;
    return this.#scores.delete(member);
  }

  members(): readonly (readonly [member: string, score: number])[] {
    this.#ordered ??= [...this.#scores].toSorted((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
    return this.#ordered;
  }
}
