/** Things with an id, in the order of their ids. Most come at the end and leave at the beginning. */
export class IdList<T extends { readonly id: bigint }> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  get last(): T | undefined {
    return this.#items.at(-1);
  }

  get(id: bigint): T | undefined {
    const found = this.#items[this.#lowerBound(id)];
    return found?.id === id ? found : undefined;
  }

  add(item: T): void {
    const last = this.#items.at(-1);
    if (last === undefined || last.id < item.id) this.#items.push(item);
    else this.#items.splice(this.#lowerBound(item.id), 0, item);
  }

  delete(id: bigint): boolean {
    const index = this.#lowerBound(id);
    if (this.#items[index]?.id !== id) return false;
    this.#items.splice(index, 1);
    return true;
  }

  /** Removes the first `count`. */
  drop(count: number): void {
    this.#items.splice(0, count);
  }

  /** How many have a smaller id. */
  before(id: bigint): number {
    return this.#lowerBound(id);
  }

  /** Both ends included. The list may change between two steps, as far as it is not before the present one. */
  *range(from: bigint, to: bigint): Generator<T> {
    for (let index = this.#lowerBound(from); index < this.#items.length; index++) {
      const item = this.#items[index] as T;
      if (item.id > to) return;
      yield item;
    }
  }

  *reversed(from: bigint, to: bigint): Generator<T> {
    for (let index = to === -1n ? -1 : this.#lowerBound(to + 1n) - 1; index >= 0; index--) {
      const item = this.#items[index] as T;
      if (item.id < from) return;
      yield item;
    }
  }

  #lowerBound(id: bigint): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle] as T).id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
