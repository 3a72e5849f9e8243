/** What Docker says of a container, as the gateway sees it. */
import { isIP } from "node:net";
import type Docker from "dockerode";
import { LABELS, type ContainerState } from "./engine.ts";

type Inspected = Docker.ContainerInspectInfo;
type Address = { readonly host: string; readonly port: number };

/** `published`: ports of loopback instead of addresses of containers. */
export function containerState(inspected: Inspected, network: string, published: boolean): ContainerState {
  const { State: state, Config: config } = inspected;
  const running = state.Running && !state.Restarting;
  return {
    id: inspected.Id,
    name: inspected.Name.replace(/^\//, ""),
    labels: config.Labels ?? {},
    image: config.Image,
    image_id: inspected.Image,
    status: state.Status as ContainerState["status"],
    exit_code: running || state.Status === "created" ? null : state.ExitCode,
    error: state.OOMKilled ? "OOMKilled: it used more than its memory_limit" : state.Error || null,
    health: health(state.Health?.Status),
    addresses: running ? addresses(inspected, network, published) : new Map(),
    created_at: Date.parse(inspected.Created),
    started_at: started(state.StartedAt),
    restarts: inspected.RestartCount ?? 0,
  };
}

// Private

function health(status: string | undefined): ContainerState["health"] {
  return status === "starting" || status === "healthy" || status === "unhealthy" ? status : "none";
}

/** Docker writes the year 1 for never. */
function started(at: string): number | null {
  const time = Date.parse(at);
  return Number.isNaN(time) || time <= 0 ? null : time;
}

function addresses(inspected: Inspected, network: string, published: boolean): Map<number, Address> {
  const ports = [...exposed(inspected), ...labelled(inspected.Config.Labels ?? {})];
  const direct = published ? null : ownAddress(inspected, network);
  const found = ports.map((port) => [port, direct === null ? bound(inspected, port) : { host: direct, port }] as const);
  return new Map(found.filter((row): row is readonly [number, Address] => row[1] !== null));
}

/** UDP only where the same port is not TCP too. */
function exposed(inspected: Inspected): number[] {
  const names = [...Object.keys(inspected.Config.ExposedPorts ?? {}), ...Object.keys(inspected.NetworkSettings.Ports ?? {})];
  return [...new Set(names.map((name) => Number(name.split("/")[0])))].filter((port) => port > 0);
}

function labelled(labels: Readonly<Record<string, string>>): number[] {
  const own = Object.entries(labels).filter(([name]) => name.startsWith(LABELS.port));
  return own.map(([, value]) => Number(value.split(":")[0])).filter((port) => Number.isInteger(port) && port > 0 && port < 65_536);
}

/** On our network, else on any; one that shares the machine's network is on loopback. */
function ownAddress(inspected: Inspected, network: string): string | null {
  if (inspected.HostConfig.NetworkMode === "host") return "127.0.0.1";
  const networks = inspected.NetworkSettings.Networks ?? {};
  const found = [networks[network], ...Object.values(networks)].map((one) => one?.IPAddress ?? "");
  return found.find((address) => isIP(address) !== 0) ?? null;
}

function bound(inspected: Inspected, port: number): Address | null {
  const { Ports: ports } = inspected.NetworkSettings;
  const binding = (ports?.[`${port}/tcp`] ?? ports?.[`${port}/udp`])?.[0];
  if (binding === undefined || !/^\d+$/.test(binding.HostPort)) return null;
  const host = ["", "0.0.0.0", "::"].includes(binding.HostIp) ? "127.0.0.1" : binding.HostIp;
  return { host, port: Number(binding.HostPort) };
}
