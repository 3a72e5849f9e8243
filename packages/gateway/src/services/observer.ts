/**
 * Keeps what is known of a service true when something happened to its container beside us: it ended, came back by its restart policy, was removed,
 * or has another address. Acts only while no operation is under way, under the service's lease, and on what Docker says now.
 */
import type { GatewayError } from "../errors.ts";
import type { Entity, EntityEvent } from "../store/entity.ts";
import { addressOf, edgePorts } from "./edge-ports.ts";
import type { ContainerState } from "./engine/engine.ts";
import { told, toldFailure } from "./events.ts";
import { endOf } from "./failure.ts";
import { exited, removedBeside } from "./probe.ts";
import type { Workplace } from "./run.ts";
import type { ServiceData } from "./spec.ts";
import { failed, lost, recovered } from "./state.ts";
import { DEFAULT_HOLD } from "./steps.ts";

/** `died`: Docker said so. `gap`: the engine was away, so that what does not run has most likely ended with it. */
export type Reason = "died" | "gap" | "look";

/** What is to be done about it, as an operation. */
export type Remedy = "start" | "restart" | null;

/** Milliseconds before a gap within which an end is put down to the engine that went away. */
const WITH_THE_ENGINE = 60_000;

/** Milliseconds after it within which an end that was before is still told. */
const AFTER_THE_GAP = 1_000;

/** Under the lease. */
export async function observe(place: Workplace, entity: Entity<ServiceData>, reason: Reason, signal: AbortSignal): Promise<Remedy> {
  const { data } = entity;
  if (data.operation !== null || data.container === null) return null;
  const state = await place.engine.inspect(data.container.id);
  const up = data.state === "running" || data.state === "paused";
  if (state !== null && (state.status === "running" || state.status === "paused")) {
    await runs(place, entity, state, reason === "died" && up, signal);
    return null;
  }
  if (up) return await ended(place, entity, state, reason, signal);
  if (state === null && data.state !== "creating") return await vanished(place, entity);
  return reason === "gap" && data.state === "failed" && data.desired === "running" ? "start" : null;
}

/** It ended when the engine went away; what ended before by itself stays as it is. */
export function endedWithEngine({ state, desired, failure }: ServiceData, gap: number): boolean {
  if (state !== "failed" || desired !== "running" || failure?.stage !== "run") return false;
  return failure.at > gap - WITH_THE_ENGINE && failure.at < gap + AFTER_THE_GAP;
}

// Private

async function runs(
  place: Workplace,
  entity: Entity<ServiceData>,
  state: ContainerState,
  died: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { name, data } = entity;
  const address = addressOf(state);
  const up = data.state === "running" || data.state === "paused";
  if (up && !died && address === data.container?.address) return;
  const now = recovered(data, address);
  await point(place, name, now, state, signal);
  const events: EntityEvent[] = [];
  if (died) events.push(toldFailure(name, data, await endOf(place, name, data, exited(name, state), null)));
  if (died || !up) events.push(told("service_started", name, now, "by its restart policy, or beside Tidegate"));
  await put(place, entity, now, events);
}

async function ended(
  place: Workplace,
  entity: Entity<ServiceData>,
  state: ContainerState | null,
  reason: Reason,
  signal: AbortSignal,
): Promise<Remedy> {
  const { name, data } = entity;
  if (reason === "gap" && state !== null) return "start";
  await fail(place, entity, state === null ? removedBeside(name) : exited(name, state), state === null);
  await point(place, name, data, null, signal);
  return state === null ? "restart" : null;
}

/** Its container is gone that had ended before. */
async function vanished(place: Workplace, entity: Entity<ServiceData>): Promise<Remedy> {
  const { data } = entity;
  const again = data.desired === "running" && data.failure?.stage === "run" && Date.now() - data.failure.at < WITH_THE_ENGINE;
  if (!again) await put(place, entity, lost(data), []);
  return again ? "restart" : null;
}

async function fail(place: Workplace, entity: Entity<ServiceData>, error: GatewayError, gone: boolean): Promise<void> {
  const { name, data } = entity;
  const failure = await endOf(place, name, data, error, null);
  const container = gone || data.container === null ? null : { ...data.container, address: null };
  await put(place, entity, failed(data, failure, container), [toldFailure(name, data, failure)]);
  place.tide.logger(`service.${name}`).error(failure.message, { code: failure.code, log_tail: failure.log_tail });
}

async function put(place: Workplace, entity: Entity<ServiceData>, data: ServiceData, events: readonly EntityEvent[]): Promise<void> {
  const { name, version } = entity;
  await place.entities.change([{ kind: "service", name, expect: version, data, events, revision: false }], "docker");
}

/** Where connections go now; what was paused stays so. */
export async function point(
  place: Workplace,
  name: string,
  data: ServiceData,
  container: ContainerState | null,
  signal: AbortSignal,
): Promise<void> {
  const wanted = await wantedAt(place, name, data, container);
  if (wanted.length > 0) await place.edge.set(wanted, signal);
}

async function wantedAt(
  place: Workplace,
  name: string,
  data: ServiceData,
  container: ContainerState | null,
): Promise<ReturnType<typeof edgePorts>> {
  const mode = data.state === "paused" ? "paused" : "open";
  const hold = mode === "open" ? DEFAULT_HOLD : ((await place.edge.list()).find(({ service }) => service === name)?.hold ?? DEFAULT_HOLD);
  return edgePorts(name, { spec: data.spec, ports: data.ports, container, mode, hold });
}
