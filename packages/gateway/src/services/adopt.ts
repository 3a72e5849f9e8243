/** A container that somebody else started becomes a service: by its label, or when a person says so. It is not touched; its ports go to the edge. */
import { GatewayError } from "../errors.ts";
import type { PortClaim } from "../ports/ports.ts";
import type { Entity } from "../store/entity.ts";
import { checkSpec } from "./check-spec.ts";
import { LABELS, type ContainerState } from "./engine/engine.ts";
import { told } from "./events.ts";
import { checkServiceName } from "./external.ts";
import { refOf } from "./deploy.ts";
import { point } from "./observer.ts";
import type { Workplace } from "./run.ts";
import type { ServiceData, ServiceSpec } from "./spec.ts";
import { portOwner } from "./steps.ts";

/** Under the lease of the name. */
export async function adopt(
  place: Workplace,
  container: ContainerState,
  name: string,
  by: string,
  signal: AbortSignal,
): Promise<Entity<ServiceData>> {
  checkServiceName(name);
  await checkFree(place, name, container);
  const spec = specOf(container, name);
  const ports = await claim(place, spec, name, by);
  const entity = await note(place, container, name, by, spec, ports).catch(async (error: unknown) => {
    for (const port of spec.port_configs) await place.ports.release(portOwner(name, port.name));
    throw error;
  });
  await point(place, name, entity.data, container, signal);
  return entity;
}

// Private

async function checkFree(place: Workplace, name: string, container: ContainerState): Promise<void> {
  if (container.status !== "running")
    throw new GatewayError("SERVICE_STATE", `The container ${container.name} does not run.`, { hint: "Start it first." });
  if (container.labels[LABELS.service] !== undefined)
    throw new GatewayError("NAME_TAKEN", `The container ${container.name} belongs to the service ${container.labels[LABELS.service]}.`);
  const taken = (await place.entities.table("service").get(name)) ?? (await place.entities.table("external_service").get(name));
  if (taken !== null)
    throw new GatewayError("NAME_TAKEN", `There is a service ${name}; the container ${container.name} cannot be adopted under that name.`);
}

async function note(
  place: Workplace,
  container: ContainerState,
  name: string,
  by: string,
  spec: ServiceSpec,
  ports: ServiceData["ports"],
): Promise<Entity<ServiceData>> {
  const data: ServiceData = {
    spec,
    generation: 1,
    desired: "running",
    state: "running",
    container: refOf(container, 1),
    ports,
    previous: null,
    operation: null,
    failure: null,
    owner: by,
    origin: "adopted",
  };
  const detail = `adopted ${container.name}`;
  return await place.entities
    .table<ServiceData>("service")
    .create(name, data, by, told("service_created", name, data, detail), told("service_started", name, data, detail));
}

async function claim(place: Workplace, spec: ServiceSpec, name: string, by: string): Promise<ServiceData["ports"]> {
  const requests = spec.port_configs.map((port) => {
    const { protocol, bind, host, description } = port;
    return { owner: portOwner(name, port.name), by, protocol, bind, host, description };
  });
  const claims = requests.length === 0 ? [] : await place.ports.claim(requests);
  return Object.fromEntries(spec.port_configs.map((port, at) => [port.name, given(claims[at] as PortClaim)]));
}

function given({ port, bind, protocol }: PortClaim): ServiceData["ports"][string] {
  return { host: port, bind, protocol };
}

/** What the labels say; from everything else of it Docker's own `inspect` is the record, so an update begins with the image alone. */
function specOf(container: ContainerState, service_name: string): ServiceSpec {
  const ports = Object.entries(container.labels).flatMap(([label, value]) =>
    label.startsWith(LABELS.port) ? [portOf(label.slice(LABELS.port.length), value)] : [],
  );
  const healthcheck = { kind: container.health === "none" ? "tcp" : "docker" };
  const rest = { service_name, pull: "never", port_configs: ports, healthcheck };
  try {
    return checkSpec({ ...rest, image: container.image }).spec;
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === "INVALID_IMAGE")) throw error;
    return checkSpec({ ...rest, image: container.image_id }).spec;
  }
}

function portOf(name: string, value: string): object {
  const [container, host] = value.split(":").map(Number);
  return { name, container, host: host ?? null };
}
