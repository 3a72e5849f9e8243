/** Everything tokens own, over all resources: counted, removed or handed on when a token ends. */
import type { Resource } from "../gateway-contract.ts";
import type { Ownership } from "./ownership.ts";

export type Counts = Readonly<Partial<Record<Resource, number>>>;

export class Holdings {
  readonly #ownerships: readonly Ownership[];

  constructor(ownerships: readonly Ownership[]) {
    this.#ownerships = ownerships;
  }

  /** Of every subject, in one look. */
  async all(): Promise<(subject: string) => Counts> {
    const looks = await Promise.all(this.#ownerships.map(async (one) => ({ resource: one.resource, counts: await one.counts() })));
    return (subject) => summed(looks.map(({ resource, counts }) => [resource, counts.get(subject) ?? 0]));
  }

  /** One resource after the other; the first that fails ends it, and asking again goes on. */
  async remove(subject: string, by: string): Promise<Counts> {
    return await this.#each((one) => one.remove(subject, by));
  }

  async pass(subject: string, to: string, by: string): Promise<Counts> {
    return await this.#each((one) => one.pass(subject, to, by));
  }

  // Private

  async #each(act: (one: Ownership) => Promise<number>): Promise<Counts> {
    const done: [Resource, number][] = [];
    for (const one of this.#ownerships) done.push([one.resource, await act(one)]);
    return summed(done);
  }
}

/** Without those of which there are none. */
export function summed(pairs: readonly (readonly [Resource, number])[]): Counts {
  const sums: Partial<Record<Resource, number>> = {};
  for (const [resource, count] of pairs) if (count > 0) sums[resource] = (sums[resource] ?? 0) + count;
  return sums;
}

export function added(one: Counts, other: Counts): Counts {
  return summed([...entries(one), ...entries(other)]);
}

/** `2 services, 1 port` */
export function inWords(counts: Counts): string {
  return entries(counts)
    .map(([resource, count]) => `${count} ${count === 1 ? resource.replace(/s$/, "") : resource.replace(/y$/, "ies")}`)
    .join(", ");
}

export function entries(counts: Counts): [Resource, number][] {
  return Object.entries(counts) as [Resource, number][];
}
