/** What the screens say about services and their ports. Pure. */
import type { ExternalServiceAnswer, ServiceAnswer, ServicePortAnswer } from "tidegate/contract";
import type { Tone } from "../../parts/marks.tsx";

type Status = ServiceAnswer["status"];

export const statusTones: Readonly<Record<Status, Tone>> = {
  creating: "accent",
  updating: "accent",
  running: "good",
  paused: "warn",
  stopped: "quiet",
  failed: "bad",
  deleting: "warn",
};

/** One line of the list: a container of ours, or something elsewhere that has a name here. */
export type Row =
  | { readonly kind: "docker"; readonly name: string; readonly service: ServiceAnswer }
  | { readonly kind: "external"; readonly name: string; readonly external: ExternalServiceAnswer };

const worstFirst: readonly Status[] = ["failed", "creating", "updating", "deleting", "paused", "running", "stopped"];

/** What needs somebody first, then by name; those that fit all words of the filter. */
export function rowsOf(services: readonly ServiceAnswer[], external: readonly ExternalServiceAnswer[], filter: string): Row[] {
  const words = filter.toLowerCase().split(/\s+/);
  const rows: Row[] = [
    ...services.map((service): Row => ({ kind: "docker", name: service.service_name, service })),
    ...external.map((one): Row => ({ kind: "external", name: one.service_name, external: one })),
  ];
  return rows
    .filter((row) => words.every((word) => textOf(row).includes(word)))
    .sort((a, b) => rank(a) - rank(b) || compare(a.name, b.name));
}

const order: readonly Status[] = ["running", "failed", "paused", "creating", "updating", "deleting", "stopped"];

/** `3 running, 1 failed`. */
export function tally(services: readonly Pick<ServiceAnswer, "status">[]): string {
  return order
    .map((status) => ({ status, n: services.filter((s) => s.status === status).length }))
    .filter(({ n }) => n > 0)
    .map(({ status, n }) => `${n} ${status}`)
    .join(", ");
}

/** Where a browser on this page reaches the port; null where it cannot: UDP, not given yet, asks for a token, or listens elsewhere. */
export function portHref(port: ServicePortAnswer, here: string): string | null {
  if (port.protocol !== "tcp" || port.host_port === null || port.require_token) return null;
  const scheme = port.require_certificate ? "https" : "http";
  const host = hostFor(port.bind_address, here);
  return host === null ? null : `${scheme}://${host}:${port.host_port}/`;
}

function hostFor(bind: string, here: string): string | null {
  if (bind === "0.0.0.0" || bind === "::") return here;
  if (isLoopback(bind)) return isLoopback(here) ? bracketed(bind) : null;
  return bracketed(bind);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || host.startsWith("127.");
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** `8080 → 80`, `any → 53 udp`. */
export function portWords(port: Pick<ServicePortAnswer, "host_port" | "container_port" | "protocol">): string {
  return `${port.host_port ?? "any"} → ${port.container_port}${port.protocol === "udp" ? " udp" : ""}`;
}

/** What the service is made of. */
export function sourceOf(service: Pick<ServiceAnswer, "image" | "build_context" | "dockerfile_path">): string {
  if (service.image !== null) return service.image;
  return [service.build_context, service.dockerfile_path].filter((part) => part !== null && part !== "").join("/") || "Dockerfile";
}

function textOf(row: Row): string {
  if (row.kind === "external")
    return `${row.name} external ${row.external.url} ${row.external.description} ${row.external.owner}`.toLowerCase();
  const { service } = row;
  const ports = service.port_configs.map((p) => `${p.host_port ?? ""} ${p.port_name}`).join(" ");
  return `${row.name} ${service.status} ${sourceOf(service)} ${service.owner} ${ports}`.toLowerCase();
}

function rank(row: Row): number {
  return row.kind === "external" ? worstFirst.length : worstFirst.indexOf(row.service.status);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
