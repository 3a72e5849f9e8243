/** Which rules a request must pass, all of them: a route's come on top of its target's, unless the route says that they stand in their place. */
import type { AccessSpec, RouteData, TargetData } from "../../../routes/spec.ts";

const NONE: readonly AccessSpec[] = [];

export function accessOf(
  target: Pick<TargetData, "access">,
  route: Pick<RouteData, "access" | "override_access"> | null,
): readonly AccessSpec[] {
  const own = route?.access ?? null;
  if (own !== null && (route?.override_access === true || target.access === null)) return [own];
  if (target.access === null) return NONE;
  return own === null ? [target.access] : [target.access, own];
}
