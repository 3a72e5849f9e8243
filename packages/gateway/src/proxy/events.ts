/** The events of the catalogue that tell of targets and routes. Each is written in the same step as the change it tells of. */
import { upstreamText } from "../routes/explain.ts";
import type { RouteData, TargetData } from "../routes/spec.ts";
import type { EntityEvent } from "../store/entity.ts";

export function toldOfTarget(
  type: "proxy_created" | "proxy_updated",
  host: string,
  { upstream }: Pick<TargetData, "upstream">,
): EntityEvent {
  return { type, data: { host, target: upstreamText(upstream) } };
}

export function toldOfRoute(
  type: "route_created" | "route_updated" | "route_deleted",
  id: string,
  { path_pattern }: Pick<RouteData, "path_pattern">,
): EntityEvent {
  return { type, data: { route: id, path: path_pattern } };
}
