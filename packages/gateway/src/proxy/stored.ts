/** Targets and routes that come from elsewhere than a person's request: from an export, or from an earlier version. */
import { GatewayError } from "../errors.ts";
import { conflictsAmong } from "../routes/all-conflicts.ts";
import { checkRoute } from "../routes/check-route.ts";
import { checkTarget } from "../routes/check-target.ts";
import type { RouteConflict } from "../routes/conflicts.ts";
import { checkHost } from "../routes/host.ts";
import type { RouteEntry } from "../routes/question.ts";
import type { RouteData, TargetData } from "../routes/spec.ts";
import type { EntityEvent, EntityKind } from "../store/entity.ts";
import type { KindHooks, Situation } from "../store/kind-hooks.ts";
import type { Portable } from "../store/portable.ts";
import { toldOfRoute, toldOfTarget } from "./events.ts";
import { checkRouteId } from "./route-id.ts";

export const storedProxies: KindHooks = {
  faultOf(kind: EntityKind, name: string, data: Portable): string | null {
    if (kind !== "target" && kind !== "route") return null;
    const { owner, ...request } = data;
    if (typeof owner !== "string") return "it has no owner";
    try {
      if (kind === "target") whole(data, checkTarget(checkSame(checkHost(name), name), request, null, owner));
      else whole(data, checkRoute(checkRouteId(name), request, null, owner));
      return null;
    } catch (error) {
      if (error instanceof GatewayError) return error.message.replace(/\.$/, "");
      throw error;
    }
  },

  refuseTogether(kind: EntityKind, { all, brought, file }: Situation): string[] {
    if (kind !== "route") return [];
    const routes = all as readonly RouteEntry[];
    const conflicts = conflictsAmong(
      routes,
      routes.filter(({ name }) => brought.has(name)),
    );
    // One of the file that another of the file makes useless was so where the file comes from: whoever made the second one was allowed to.
    const isInherited = ({ kind: how, other }: RouteConflict): boolean => how === "shadowed" && file !== null && file.has(other);
    const refused = conflicts.find((conflict) => !isInherited(conflict));
    if (refused !== undefined) throw refusal(refused, file);
    return conflicts.map(({ route, why }) => `The route ${route} ${why}.`);
  },

  told(kind: EntityKind, name: string, act: "created" | "changed" | "removed", data: object): EntityEvent[] {
    const verb = act === "created" ? "created" : act === "changed" ? "updated" : "deleted";
    if (kind === "route") return [toldOfRoute(`route_${verb}`, name, data as RouteData)];
    if (kind !== "target") return [];
    return verb === "deleted"
      ? [{ type: "proxy_deleted", data: { host: name } }]
      : [toldOfTarget(`proxy_${verb}`, name, data as TargetData)];
  },
};

// Private

function refusal({ route, other, why }: RouteConflict, file: ReadonlySet<string> | null): GatewayError {
  if (file === null) {
    const hint = `Change, disable or delete ${other} first, then roll back again: tidegate route show ${other}`;
    return new GatewayError("ROUTE_CONFLICT", `As it was then, the route ${route} ${why}.`, { hint });
  }
  const place = file.has(other) ? `${other} is in the file too` : `${other} is there already, and not in the file`;
  const hint = "Nothing was imported. Change the priority, path, methods or hosts of one of them, in the file or here.";
  return new GatewayError("ROUTE_CONFLICT", `The route ${route} of the file ${why}; ${place}.`, { hint });
}

/** The edge takes what is stored as it is: nothing may be left to defaults. */
function whole(data: Portable, checked: TargetData | RouteData): void {
  const missing = Object.keys(checked).find((field) => data[field] === undefined);
  if (missing !== undefined) throw new GatewayError("INVALID_IMPORT", `it has no ${missing}`);
}

function checkSame(host: string, name: string): string {
  if (host === name) return host;
  throw new GatewayError("INVALID_NAME", `its name must be written ${host}`);
}
