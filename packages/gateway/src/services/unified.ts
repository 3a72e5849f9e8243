/** Services of both kinds in one list, with where each is reached. */
import type { Entity } from "../store/entity.ts";
import type { Unified } from "./services.ts";
import type { ExternalService, ServiceData } from "./spec.ts";

export function unified(
  docker: readonly Entity<ServiceData>[],
  external: readonly Entity<ExternalService>[],
  type?: Unified["type"],
): Unified[] {
  const ours = docker.map(({ name, data }): Unified => ({ name, type: "docker", url: urlOf(data), state: data.state }));
  const others = external.map(({ name, data }): Unified => ({ name, type: "external", url: data.url, state: "external" }));
  return [...ours, ...others]
    .filter((one) => type === undefined || one.type === type)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

// Private

/** Of its first TCP port, as seen from this machine. */
function urlOf({ spec, ports }: ServiceData): string | null {
  const first = spec.port_configs.find(({ protocol, name }) => protocol === "tcp" && ports[name] !== undefined);
  const port = first === undefined ? undefined : ports[first.name];
  if (first === undefined || port === undefined) return null;
  const host = port.bind === "0.0.0.0" ? "127.0.0.1" : port.bind === "::" ? "::1" : port.bind;
  const scheme = spec.healthcheck.kind === "http" ? (first.access?.client_ca == null ? "http" : "https") : "tcp";
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port.host}`;
}
