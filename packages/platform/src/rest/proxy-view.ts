/** Targets and routes as the API shows them: names of fields of the earlier systems, passwords and sealed headers as `***`, whoever asks. Pure. */
import {
  hiddenAccess,
  upstreamText,
  type AccessSpec,
  type Entity,
  type RouteData,
  type Standing,
  type TargetData,
} from "@tidegate/gateway";
import type { ProxyAccessAnswer, ProxyRouteAnswer, ProxyTargetAnswer } from "../contract.ts";

const NOWHERE: Standing = { urls: [], problem: null, failing: [] };
type Told<T> = Pick<Entity<T>, "name" | "version" | "created_at" | "updated_at" | "data">;

export function targetAnswer(
  { name, data, version, created_at, updated_at }: Told<TargetData>,
  { urls: reached, problem, failing }: Standing = NOWHERE,
): ProxyTargetAnswer {
  const { upstream, access, ...rest } = data;
  const urls = upstream.kind === "url" ? upstream.urls : [];
  return {
    hostname: name,
    target_url: urls[0] ?? upstreamText(upstream),
    target_urls: urls,
    urls: reached,
    problem,
    failing,
    ...rest,
    enable_http: data.http !== "off",
    access: accessAnswer(access),
    health: data.health === null ? null : { ...data.health },
    version,
    created_at,
    updated_at,
  };
}

export function routeAnswer({ name, data, version, created_at, updated_at }: Told<RouteData>): ProxyRouteAnswer {
  return { route_id: name, ...data, access: accessAnswer(data.access), version, created_at, updated_at };
}

export function accessAnswer(access: AccessSpec | null): ProxyAccessAnswer | null {
  return access === null ? null : (hiddenAccess(access) as unknown as ProxyAccessAnswer);
}
