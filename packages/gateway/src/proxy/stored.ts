/** Targets and routes that come from elsewhere than a person's request: from an export, or from an earlier version. */
import { GatewayError } from "../errors.ts";
import { checkRoute } from "../routes/check-route.ts";
import { checkTarget } from "../routes/check-target.ts";
import { checkHost } from "../routes/host.ts";
import type { RouteData, TargetData } from "../routes/spec.ts";
import type { EntityEvent, EntityKind } from "../store/entity.ts";
import type { KindHooks } from "../store/kind-hooks.ts";
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

/** The edge takes what is stored as it is: nothing may be left to defaults. */
function whole(data: Portable, checked: TargetData | RouteData): void {
  const missing = Object.keys(checked).find((field) => data[field] === undefined);
  if (missing !== undefined) throw new GatewayError("INVALID_IMPORT", `it has no ${missing}`);
}

function checkSame(host: string, name: string): string {
  if (host === name) return host;
  throw new GatewayError("INVALID_NAME", `its name must be written ${host}`);
}
