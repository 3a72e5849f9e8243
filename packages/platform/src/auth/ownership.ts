/**
 * What tokens own, by resource: how many, take it away, hand it on. Each resource with owners has one `Ownership`; revoking a token asks them all
 * and knows none of them.
 */
import { GatewayError, ofService } from "@tidegate/gateway";
import type { Entities, PortClaim, Ports, Table } from "@tidegate/gateway";
import type { Resource } from "../gateway-contract.ts";

export interface Ownership {
  readonly resource: Resource;
  /** Subject → how many. */
  counts(): Promise<ReadonlyMap<string, number>>;
  /** Everything of `subject`. Answers how many there were. */
  remove(subject: string, by: string): Promise<number>;
  pass(subject: string, to: string, by: string): Promise<number>;
}

/** Entities that name their owner: services, each with its container, its ports and whatever connects to it; external ones; targets, routes, certificates. */
export class OwnedEntities<T extends { readonly owner: string }> implements Ownership {
  readonly resource: Resource;
  readonly #table: Table<T>;
  readonly #remove: (name: string, by: string) => Promise<unknown>;
  readonly #counts: (data: T) => boolean;

  /** `counts`: false for what comes with something else that is counted. */
  constructor(
    resource: Resource,
    table: Table<T>,
    remove: (name: string, by: string) => Promise<unknown>,
    counts: (data: T) => boolean = () => true,
  ) {
    this.resource = resource;
    this.#table = table;
    this.#remove = remove;
    this.#counts = counts;
  }

  async counts(): Promise<ReadonlyMap<string, number>> {
    return tally((await this.#table.list()).filter(({ data }) => this.#counts(data)).map(({ data }) => data.owner));
  }

  async remove(subject: string, by: string): Promise<number> {
    const names = await this.#of(subject);
    await few(names, (name) => unlessGone(this.#remove(name, by)));
    return names.length;
  }

  async pass(subject: string, to: string, by: string): Promise<number> {
    const names = await this.#of(subject);
    for (const name of names) {
      const passed = this.#table.update(name, by, (data) =>
        data.owner === subject ? { data: { ...data, owner: to }, revision: false } : null,
      );
      await unlessGone(passed);
    }
    return names.length;
  }

  async #of(subject: string): Promise<string[]> {
    return (await this.#table.list()).filter(({ data }) => data.owner === subject).map(({ name }) => name);
  }
}

/** Ports leased by hand. Those of services go with their service. */
export class OwnedPorts implements Ownership {
  readonly resource = "ports";
  readonly #ports: Ports;
  readonly #entities: Entities;

  constructor(ports: Ports, entities: Entities) {
    this.#ports = ports;
    this.#entities = entities;
  }

  async counts(): Promise<ReadonlyMap<string, number>> {
    return tally((await this.#ports.list()).filter(isByHand).map(({ by }) => by));
  }

  async remove(subject: string): Promise<number> {
    const claims = await this.#of(subject);
    for (const claim of claims) await this.#ports.release(claim.owner, claim, subject);
    return claims.length;
  }

  async pass(subject: string, to: string, by: string): Promise<number> {
    const table = this.#entities.table<{ readonly claims: readonly PortClaim[] }>("port");
    const claims = await this.#of(subject);
    for (const { protocol, port } of claims) {
      const passed = table.update(`${protocol}/${port}`, by, ({ claims: all }) => ({
        data: { claims: all.map((claim) => (claim.by === subject && isByHand(claim) ? { ...claim, by: to } : claim)) },
        revision: false,
      }));
      await unlessGone(passed);
    }
    return claims.length;
  }

  async #of(subject: string): Promise<PortClaim[]> {
    return (await this.#ports.list()).filter((claim) => claim.by === subject && isByHand(claim));
  }
}

/** Subject → how often. */
export function tally(subjects: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const subject of subjects) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  return counts;
}

// Private

/** Containers take a while to stop; all at once would be a burden. */
const AT_ONCE = 4;

async function few<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(act));
}

/** Somebody else may have removed it meanwhile. */
async function unlessGone(act: Promise<unknown>): Promise<void> {
  try {
    await act;
  } catch (error) {
    if (!(error instanceof GatewayError) || error.status !== 404) throw error;
  }
}

function isByHand({ owner }: PortClaim): boolean {
  return !ofService(owner);
}
