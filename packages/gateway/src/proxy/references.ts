/**
 * What targets and routes name beside themselves. A name that does not exist (yet) is allowed, because things are set up in any order; it is told as
 * a warning. What is still named is only deleted with force.
 */
import { GatewayError } from "../errors.ts";
import type { RouteData, TargetData } from "../routes/spec.ts";
import type { ServiceData } from "../services/spec.ts";
import type { Entities } from "../store/entities.ts";
import type { Entity } from "../store/entity.ts";
import type { HostCertificates } from "./host-certificate.ts";

/** Who names something: `host` of a target, `id` of a route. */
export interface User {
  readonly kind: "target" | "route";
  readonly name: string;
}

export async function warningsOfTarget(
  entities: Entities,
  certificates: HostCertificates,
  host: string,
  data: TargetData,
): Promise<string[]> {
  const { upstream, route_mode, enabled_routes, disabled_routes } = data;
  const listed = route_mode === "selective" ? enabled_routes : route_mode === "all" ? disabled_routes : [];
  const found = await Promise.all([
    upstream.kind === "service" ? serviceWarning(entities, upstream.service, upstream.port) : null,
    certificates.warning(host, data),
    ...listed.map((id) => missing(entities, "route", id, "tidegate route ls")),
    ...(data.access?.tokens?.names ?? []).map((name) => missing(entities, "token", name, `tidegate token create ${name}`)),
  ]);
  const off = data.enabled ? [] : [`${host} is disabled: every request is answered 503. Enable it: tidegate proxy update ${host} --enable`];
  return [...found.flatMap((warning) => warning ?? []), ...off];
}

export async function warningsOfRoute(entities: Entities, data: RouteData): Promise<string[]> {
  const { target_type, target_value, proxy_hostnames } = data;
  const [service = "", port = null] = target_value.split(":");
  const found = await Promise.all([
    target_type === "service" ? serviceWarning(entities, service, port) : null,
    target_type === "hostname" ? missing(entities, "target", target_value, `tidegate proxy create ${target_value} <url>`) : null,
    ...proxy_hostnames.map((host) => missing(entities, "target", host, `tidegate proxy create ${host} <url>`)),
    ...(data.access?.tokens?.names ?? []).map((name) => missing(entities, "token", name, `tidegate token create ${name}`)),
  ]);
  return found.flatMap((warning) => warning ?? []);
}

/** Routes that lead to a host, or are made for it. */
export function usersOfHost(host: string, routes: readonly Entity<RouteData>[]): User[] {
  return routes
    .filter(({ data }) => data.proxy_hostnames.includes(host) || (data.target_type === "hostname" && data.target_value === host))
    .map(({ name }) => ({ kind: "route", name }));
}

export function usersOfRoute(id: string, targets: readonly Entity<TargetData>[]): User[] {
  return targets
    .filter(({ data }) => data.enabled_routes.includes(id) || data.disabled_routes.includes(id))
    .map(({ name }) => ({ kind: "target", name }));
}

export function usersOfService(service: string, targets: readonly Entity<TargetData>[], routes: readonly Entity<RouteData>[]): User[] {
  return [
    ...targets.filter(({ data: { upstream } }) => upstream.kind === "service" && upstream.service === service).map(userOf),
    ...routes.filter(({ data }) => data.target_type === "service" && data.target_value.split(":")[0] === service).map(userOf),
  ];
}

export function stillNamed(what: string, users: readonly User[], hint: string): GatewayError {
  return new GatewayError("STILL_NAMED", `${what} is named by ${inWords(users)}.`, { hint });
}

/** `the targets a.example, b.example and the route api` */
function inWords(users: readonly User[]): string {
  const kinds = ["target", "route"] as const;
  return kinds
    .flatMap((kind) =>
      phrase(
        kind,
        users.filter((user) => user.kind === kind),
      ),
    )
    .join(" and ");
}

// Private

const SHOWN = 5;

function userOf({ kind, name }: Entity<object>): User {
  return { kind: kind === "route" ? "route" : "target", name };
}

function phrase(kind: string, users: readonly User[]): string[] {
  if (users.length === 0) return [];
  const names = users.slice(0, SHOWN).map(({ name }) => name);
  const more = users.length > SHOWN ? ` and ${users.length - SHOWN} more` : "";
  return [`the ${kind}${users.length === 1 ? "" : "s"} ${names.join(", ")}${more}`];
}

async function missing(entities: Entities, kind: Entity<object>["kind"], name: string, next: string): Promise<string | null> {
  if ((await entities.table(kind).get(name)) !== null) return null;
  return `There is no ${kind} ${name} yet: ${next}`;
}

async function serviceWarning(entities: Entities, name: string, port: string | null): Promise<string | null> {
  const service = await entities.table<ServiceData>("service").get(name);
  if (service !== null) return portWarning(service, port);
  if ((await entities.table("external_service").get(name)) !== null) return null;
  return `There is no service ${name} yet; requests are answered 503 until there is: tidegate service create ${name} --image <image>`;
}

function portWarning({ name, data }: Entity<ServiceData>, port: string | null): string | null {
  const ports = data.spec.port_configs.filter(({ protocol }) => protocol === "tcp").map((one) => one.name);
  if (ports.length === 0) return `The service ${name} has no TCP port, so nothing can be sent to it.`;
  if (port === null || ports.includes(port)) return null;
  return `The service ${name} has no port ${port}; it has ${ports.join(", ")}.`;
}
