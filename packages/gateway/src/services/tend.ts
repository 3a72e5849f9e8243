/**
 * What nobody is responsible for any more: containers, ports and places at the edge that a process left which was paused or killed at the wrong
 * moment. Found by comparing everything there is with what the services say, taken away under the service's lease after a second look.
 * Only what the store remembers to have made and deleted goes by itself; containers it never knew are left to `cleanUp`, asked for by a person.
 */
import type { EdgePort } from "../edge/switch.ts";
import type { PortClaim } from "../ports/ports.ts";
import type { Entity } from "../store/entity.ts";
import { edgePorts, placeOf } from "./edge-ports.ts";
import { LABELS, type ContainerState } from "./engine/engine.ts";
import type { HeldLease } from "../store/held-lease.ts";
import type { Workplace } from "./run.ts";
import type { ServiceData } from "./spec.ts";
import { DEFAULT_HOLD, portOwner } from "./steps.ts";

/** Everything there is, read so that the services are newer than what is compared with them. */
export interface Surroundings {
  readonly containers: readonly ContainerState[];
  readonly edge: readonly EdgePort[];
  readonly claims: readonly PortClaim[];
  readonly services: ReadonlyMap<string, Entity<ServiceData>>;
}

export interface Leftovers {
  readonly containers: readonly ContainerState[];
  readonly close: readonly EdgePort[];
  readonly set: readonly EdgePort[];
  readonly claims: readonly PortClaim[];
}

export async function lookAround({ engine, edge, ports, entities }: Workplace): Promise<Surroundings> {
  const containers = await engine.list();
  const [entries, claims] = await Promise.all([edge.list(), ports.list()]);
  const services = await entities.table<ServiceData>("service").list();
  return { containers, edge: entries, claims, services: new Map(services.map((entity) => [entity.name, entity])) };
}

/** By service; only those of which something is left. Whatever has an operation is that operation's. */
export function leftovers(around: Surroundings): Map<string, Leftovers> {
  const names = new Set<string>(around.services.keys());
  for (const { labels } of around.containers) if (labels[LABELS.service] !== undefined) names.add(labels[LABELS.service] as string);
  for (const { service } of around.edge) names.add(service);
  for (const { owner } of around.claims) if (serviceOf(owner) !== null) names.add(serviceOf(owner) as string);
  const found = new Map<string, Leftovers>();
  for (const name of names) {
    const left = leftoversOf(name, around);
    if (left.containers.length + left.close.length + left.set.length + left.claims.length > 0) found.set(name, left);
  }
  return found;
}

/** Under the lease. */
export async function tend(place: Workplace, name: string, lease: HeldLease): Promise<void> {
  const around = await lookAround(place);
  const left = leftoversOf(name, around);
  const known = around.services.has(name) || (await wasDeleted(place, name));
  await lease.check();
  if (left.close.length > 0) await place.edge.remove(left.close, lease.signal);
  if (left.set.length > 0) await place.edge.set(left.set, lease.signal);
  for (const { id } of known ? left.containers : []) {
    await lease.check();
    await place.engine.stop(id, 1);
    await place.engine.remove(id);
  }
  if (!known && left.containers.length > 0) return;
  for (const claim of left.claims) {
    await lease.check();
    await place.ports.release(claim.owner, claim);
  }
}

export function serviceOf(owner: string): string | null {
  return /^service:([^/]+)\//.exec(owner)?.[1] ?? null;
}

// Private

function leftoversOf(name: string, around: Surroundings): Leftovers {
  const entity = around.services.get(name);
  if (entity !== undefined && entity.data.operation !== null) return NOTHING;
  const wanted = entity === undefined ? [] : wantedOf(entity, around);
  const places = new Map(wanted.map((entry) => [placeOf(entry), entry]));
  const there = around.edge.filter(({ service }) => service === name);
  const same = new Set(there.filter((entry) => isSame(entry, places.get(placeOf(entry)))).map(placeOf));
  return {
    containers: around.containers.filter(({ id, labels }) => labels[LABELS.service] === name && id !== entity?.data.container?.id),
    close: there.filter((entry) => !places.has(placeOf(entry))),
    set: wanted.filter((entry) => !same.has(placeOf(entry))),
    claims: around.claims.filter((claim) => serviceOf(claim.owner) === name && !isHeld(name, claim, entity)),
  };
}

const NOTHING: Leftovers = { containers: [], close: [], set: [], claims: [] };

function wantedOf({ name, data }: Entity<ServiceData>, around: Surroundings): EdgePort[] {
  const up = data.state === "running" || data.state === "paused";
  const found = up ? around.containers.find(({ id }) => id === data.container?.id) : undefined;
  const container = found?.status === "running" ? found : null;
  // One that has just ended is told by the watch first.
  if (up && container === null) return around.edge.filter(({ service }) => service === name);
  const mode = data.state === "paused" ? "paused" : "open";
  const hold = (mode === "paused" ? around.edge.find(({ service }) => service === name)?.hold : undefined) ?? DEFAULT_HOLD;
  return edgePorts(name, { spec: data.spec, ports: data.ports, container, mode, hold });
}

function isSame(entry: EdgePort, wanted: EdgePort | undefined): boolean {
  return wanted !== undefined && wanted.mode === entry.mode && endpoints(wanted) === endpoints(entry);
}

function endpoints({ endpoints: all }: EdgePort): string {
  return all.map(({ id, host, port }) => `${id} ${host} ${port}`).join();
}

function isHeld(name: string, claim: PortClaim, entity: Entity<ServiceData> | undefined): boolean {
  return Object.entries(entity?.data.ports ?? {}).some(([port, { host, bind, protocol }]) => {
    return claim.owner === portOwner(name, port) && claim.port === host && claim.bind === bind && claim.protocol === protocol;
  });
}

/** A store that was emptied or replaced remembers nothing, and takes nothing away. */
async function wasDeleted({ entities }: Workplace, name: string): Promise<boolean> {
  const [last] = await entities.table<ServiceData>("service").revisions(name);
  return last?.change === "deleted";
}
