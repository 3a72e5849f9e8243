/** All claims as they stand and as they are to become; in the end the changes between the two, each with its events. Pure. */
import type { Change, Entity, EntityEvent } from "../store/entity.ts";
import { overlaps } from "./overlaps.ts";
import { ofService, type PortClaim } from "./ports.ts";
import type { Protocol } from "./probe.ts";
import type { CheckedRequest } from "./request.ts";

/** `data` of a `port` entity, named `tcp/8080`: its claims, no two of which overlap. */
export interface PortData {
  readonly claims: readonly PortClaim[];
}

interface Row {
  readonly version: number;
  readonly before: readonly PortClaim[];
  after: PortClaim[];
}

export class Draft {
  readonly #rows: Map<string, Row>;
  readonly #now: number;

  constructor(entities: readonly Entity<PortData>[], now: number) {
    this.#rows = new Map(
      entities.map(({ name, version, data }) => [name, { version, before: data.claims, after: data.claims.filter(lasts(now)) }]),
    );
    this.#now = now;
  }

  /** Without those whose time is over. */
  claims(): PortClaim[] {
    return [...this.#rows.values()].flatMap(({ after }) => after).toSorted(inOrder);
  }

  /** Whoever has it, or a part of its addresses. */
  holder(protocol: Protocol, bind: string, port: number): PortClaim | null {
    return this.#rows.get(nameOf(protocol, port))?.after.find((claim) => overlaps(claim.bind, bind)) ?? null;
  }

  /** What the owner has already of what it asks for. */
  held(request: CheckedRequest, besides: readonly PortClaim[]): PortClaim | null {
    const { owner, by, protocol, bind, from, to } = request;
    const fits = (claim: PortClaim): boolean =>
      isOf(claim, owner, by) && claim.protocol === protocol && claim.bind === bind && claim.port >= from && claim.port <= to;
    return this.claims().find((claim) => fits(claim) && !besides.includes(claim)) ?? null;
  }

  add(claim: PortClaim): PortClaim {
    this.#row(claim).after.push(claim);
    return claim;
  }

  replace(claim: PortClaim, by: PortClaim): PortClaim {
    const row = this.#row(claim);
    row.after = row.after.map((one) => (one === claim ? by : one));
    return by;
  }

  remove(claim: PortClaim): void {
    const row = this.#row(claim);
    row.after = row.after.filter((one) => one !== claim);
  }

  /** Only of the ports where something was done, or everything that has ended with `sweep`. */
  changes(sweep = false): Change[] {
    return [...this.#rows].filter(([, row]) => isOther(row, this.#now, sweep)).map(([name, row]) => changeOf(name, row));
  }

  // Private

  #row({ protocol, port }: PortClaim): Row {
    const name = nameOf(protocol, port);
    const row = this.#rows.get(name) ?? { version: 0, before: [], after: [] };
    this.#rows.set(name, row);
    return row;
  }
}

function inOrder(a: PortClaim, b: PortClaim): number {
  return a.port - b.port || a.protocol.localeCompare(b.protocol) || a.bind.localeCompare(b.bind);
}

// Private

function isOf(claim: PortClaim, owner: string, by: string): boolean {
  return claim.owner === owner && (ofService(owner) || claim.by === by);
}

function nameOf(protocol: Protocol, port: number): string {
  return `${protocol}/${port}`;
}

function lasts(now: number): (claim: PortClaim) => boolean {
  return ({ until }) => until === null || until > now;
}

function isOther({ before, after }: Row, now: number, sweep: boolean): boolean {
  const kept = sweep ? before : before.filter(lasts(now));
  return kept.length !== after.length || kept.some((claim, at) => claim !== after[at]);
}

/** Not kept as a revision: going back to a claim of yesterday would mean nothing. */
function changeOf(name: string, { version, before, after }: Row): Change {
  const gone = before.filter((claim) => !after.some((one) => isSame(one, claim)));
  const made = after.filter((claim) => !before.some((one) => isSame(one, claim)));
  const events = [...gone.map((claim) => told("port_released", claim)), ...made.map((claim) => told("port_allocated", claim))];
  return { kind: "port", name, expect: version, data: after.length === 0 ? null : { claims: after }, events, revision: false };
}

function isSame(a: PortClaim, b: PortClaim): boolean {
  return a.owner === b.owner && a.bind === b.bind && a.at === b.at;
}

function told(type: "port_allocated" | "port_released", { port, owner, bind, protocol }: PortClaim): EntityEvent {
  return { type, data: { port, owner, bind, protocol } };
}
