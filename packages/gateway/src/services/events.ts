/** The events of the catalogue that tell of services. Each is written in the same step as the change it tells of. */
import type { EntityEvent } from "../store/entity.ts";
import type { Run } from "./run.ts";
import type { Failure, ServiceData } from "./spec.ts";

const KIND = "container";

export function told(
  type: "service_created" | "service_started" | "service_stopped" | "service_updated" | "service_deleted",
  name: string,
  data: ServiceData,
  detail?: string,
): EntityEvent {
  return { type, data: { ...about(name, data), ...(detail === undefined ? {} : { detail }) } };
}

export function toldFailure(name: string, data: ServiceData, failure: Failure): EntityEvent {
  return { type: "service_failed", data: { ...about(name, data), stage: failure.stage, error: `${failure.code}: ${failure.message}` } };
}

/** A container has taken over. */
export function happened(run: Run, data: ServiceData): EntityEvent[] {
  const { kind } = run.operation;
  const changed = kind === "create" ? "service_created" : kind === "update" || kind === "rollback" ? "service_updated" : null;
  const events = changed === null ? [] : [told(changed, run.name, data, kind)];
  const began = data.desired === "running" && (changed !== "service_updated" || run.operation.from !== "running");
  return began ? [...events, told("service_started", run.name, data, kind)] : events;
}

// Private

function about(name: string, data: ServiceData): { service: string; kind: string; generation: number; image: string } {
  const generation = data.container?.generation ?? data.generation;
  return { service: name, kind: KIND, generation, image: data.spec.image ?? `tidegate build of ${name}` };
}
