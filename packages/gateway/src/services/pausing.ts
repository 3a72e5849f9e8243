/** Pausing a service: new connections wait at its ports, those under way go on. Noted down first, so that whoever looks after it keeps it so. */
import { GatewayError } from "../errors.ts";
import type { Entity } from "../store/entity.ts";
import { known } from "./acts.ts";
import { edgePorts } from "./edge-ports.ts";
import type { Operations } from "./operations.ts";
import type { Workplace } from "./run.ts";
import type { ServiceData } from "./spec.ts";
import { pausedOr } from "./state.ts";
import { DEFAULT_HOLD } from "./steps.ts";

/** Seconds. */
const LONGEST_HOLD = 600;
/** Milliseconds it waits for whoever else does something to the service. */
const PATIENCE = 2_000;

export interface Pausing {
  readonly place: Workplace;
  readonly operations: Operations;
  readonly name: string;
  readonly by: string;
}

export async function pause(pausing: Pausing, hold: number): Promise<Entity<ServiceData>> {
  if (!Number.isFinite(hold) || hold <= 0 || hold > LONGEST_HOLD) {
    throw new GatewayError("INVALID_SPEC", `hold is a number of seconds from 1 to ${LONGEST_HOLD}; found ${hold}`);
  }
  return await change(pausing, "running", "paused", hold);
}

export async function resume(pausing: Pausing): Promise<Entity<ServiceData>> {
  return await change(pausing, "paused", "running", DEFAULT_HOLD);
}

// Private

async function change(pausing: Pausing, from: "running" | "paused", to: "running" | "paused", hold: number): Promise<Entity<ServiceData>> {
  const { place, operations, name, by } = pausing;
  const changed = await operations.alone(
    name,
    async (lease) => {
      const before = await known(place, name);
      if (before.data.operation !== null) throw operations.busy(before);
      if (before.data.state !== from) throw new GatewayError("SERVICE_STATE", `${name} is ${before.data.state}, not ${from}.`);
      const after = await put(place, before, pausedOr(before.data, to), by);
      try {
        await switchOver(place, name, after.data, hold, lease.signal);
      } catch (error) {
        await put(place, after, before.data, by);
        throw error;
      }
      return after;
    },
    PATIENCE,
  );
  if (changed === undefined) throw operations.busy(await known(place, name));
  place.tide.logger(`service.${name}`).info(to, { by, hold });
  return changed;
}

async function switchOver(
  place: Workplace,
  name: string,
  { spec, ports, container, state }: ServiceData,
  hold: number,
  signal: AbortSignal,
): Promise<void> {
  const serving = container === null ? null : await place.engine.inspect(container.id);
  const entries = edgePorts(name, { spec, ports, container: serving, mode: state === "paused" ? "paused" : "open", hold });
  if (entries.length > 0) await place.edge.set(entries, signal);
}

async function put({ entities }: Workplace, before: Entity<ServiceData>, data: ServiceData, by: string): Promise<Entity<ServiceData>> {
  const [version] = await entities.change([{ kind: "service", name: before.name, expect: before.version, data, revision: false }], by);
  return { ...before, version: version ?? before.version + 1, by, data, updated_at: Date.now() };
}
