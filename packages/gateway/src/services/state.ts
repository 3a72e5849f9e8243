/**
 * Every transition of a service, as pure functions from what it was to what it is.
 *
 *   (none) → creating → running | (gone)
 *   running | paused | stopped | failed → updating → running | stopped | paused | as it was, with the failure noted
 *   running | paused ⇄ stopped        running ⇄ paused
 *   running | paused → failed         its container ended, and stays down or is started again: failed → running
 *   any → deleting → (gone) | failed
 *
 * An operation is noted down before its first step and settled after its last; while it is there, nothing but it changes the service.
 */
import type { ContainerRef, Failure, Operation, ServiceData, ServiceSpec, ServiceState } from "./spec.ts";

/** A service that is to be made. */
export function fresh(spec: ServiceSpec, operation: Operation, owner: string, desired: ServiceData["desired"]): ServiceData {
  return {
    spec,
    generation: operation.generation,
    desired,
    state: "creating",
    container: null,
    ports: {},
    previous: null,
    operation,
    failure: null,
    owner,
    origin: "created",
  };
}

const WHILE: Readonly<Record<Operation["kind"], ServiceState | null>> = {
  create: "creating",
  update: "updating",
  restart: "updating",
  rollback: "updating",
  start: null,
  stop: null,
  delete: "deleting",
};

/** An operation is noted down. */
export function begun(data: ServiceData, operation: Operation): ServiceData {
  const { kind } = operation;
  const desired = kind === "stop" || kind === "delete" ? "stopped" : kind === "start" || kind === "restart" ? "running" : data.desired;
  return { ...data, generation: operation.generation, desired, state: WHILE[kind] ?? data.state, operation };
}

/** Another process goes on with it; the change alone makes whatever the former one still writes too late. */
export function takenUp(data: ServiceData): ServiceData {
  return data.operation === null ? data : { ...data, operation: { ...data.operation, begun: data.operation.begun + 1 } };
}

/** It failed and will be undone, whoever does that. */
export function givenUp(data: ServiceData, failure: Failure): ServiceData {
  return data.operation === null ? data : { ...data, operation: { ...data.operation, failure } };
}

/** The container it was started with is gone: a new one is made. */
export function anew(data: ServiceData): ServiceData {
  if (data.operation === null) return data;
  const generation = data.generation + 1;
  return { ...data, generation, operation: { ...data.operation, generation } };
}

/** The new container has taken over; what is left is to remove the old one. */
export function handedOver(data: ServiceData, container: ContainerRef, ports: ServiceData["ports"], spec: ServiceSpec): ServiceData {
  const { operation, previous } = data;
  const old = data.container;
  const changes = operation?.kind === "update" || operation?.kind === "rollback";
  const kept = changes && old !== null ? { spec: data.spec, generation: old.generation, image_id: old.image_id } : previous;
  const origin = old !== null && old.id === container.id ? data.origin : "created";
  return { ...data, container, ports, spec, previous: kept, origin, failure: null, state: serving(data) };
}

/** The operation is over. */
export function settled(data: ServiceData): ServiceData {
  return { ...data, operation: null };
}

/** What it was before, with the reason noted. */
export function undone(data: ServiceData, failure: Failure): ServiceData {
  const { from = null, kind } = data.operation ?? {};
  const ended = kind === "start" || kind === "delete" || from === null || from === "updating" || from === "deleting" || from === "creating";
  const state = ended ? "failed" : from;
  const desired = state === "stopped" ? "stopped" : kind === "delete" ? "stopped" : "running";
  return { ...data, state, desired, operation: null, failure };
}

export function stopped(data: ServiceData): ServiceData {
  const container = data.container === null ? null : { ...data.container, address: null };
  return { ...data, state: "stopped", desired: "stopped", container, operation: null, failure: null };
}

/** Its container ended by itself, or somebody ended it beside us. */
export function failed(data: ServiceData, failure: Failure, container: ContainerRef | null): ServiceData {
  return { ...data, state: "failed", container, failure };
}

/** It was down, and now its container is gone as well. */
export function lost(data: ServiceData): ServiceData {
  return { ...data, container: null };
}

/** Its container runs, perhaps elsewhere than before. */
export function recovered(data: ServiceData, address: string | null): ServiceData {
  const container = data.container === null ? null : { ...data.container, address };
  return { ...data, state: data.state === "paused" ? "paused" : "running", desired: "running", container, failure: null };
}

export function pausedOr(data: ServiceData, state: "paused" | "running"): ServiceData {
  return { ...data, state };
}

// Private

function serving(data: ServiceData): ServiceState {
  if (data.desired === "stopped") return "stopped";
  return data.operation?.from === "paused" ? "paused" : "running";
}
