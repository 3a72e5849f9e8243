/** What the edge is to do at the ports of a service. Pure: the same service and container always give the same entries. */
import type { EdgePort } from "../edge/switch.ts";
import type { ContainerState } from "./engine/engine.ts";
import type { ServiceData, ServiceSpec } from "./spec.ts";

export interface Serving {
  readonly spec: ServiceSpec;
  readonly ports: ServiceData["ports"];
  /** Null: nobody serves, connections are refused. */
  readonly container: ContainerState | null;
  readonly mode: EdgePort["mode"];
  /** Seconds. */
  readonly hold: number;
}

/** Only TCP ports; UDP ones are published by Docker itself. */
export function edgePorts(service: string, { spec, ports, container, mode, hold }: Serving): EdgePort[] {
  const entries: EdgePort[] = [];
  for (const port of spec.port_configs) {
    const given = ports[port.name];
    if (given === undefined || given.protocol !== "tcp") continue;
    const endpoints = container === null ? [] : endpointOf(container, port.container);
    const access = port.access === null ? null : { token_hashes: port.access.token_hashes, client_ca: port.access.client_ca };
    entries.push({ service, name: port.name, bind: given.bind, port: given.host, endpoints, mode, hold, access });
  }
  return entries;
}

/** Null while it does not run. */
export function addressOf(container: ContainerState): string | null {
  for (const { host } of container.addresses.values()) return host;
  return null;
}

/** `tcp/127.0.0.1/8080`: tells places of this machine apart. */
export function placeOf({ bind, port }: Pick<EdgePort, "bind" | "port">): string {
  return `tcp/${bind}/${port}`;
}

// Private

function endpointOf(container: ContainerState, port: number): EdgePort["endpoints"] {
  const address = container.addresses.get(port);
  return address === undefined ? [] : [{ id: container.id, host: address.host, port: address.port }];
}
