/** How large a request's body may be. What says its length is judged before it begins (`limits.ts`); this is for the rest, counted as it comes. */
import type { Plan } from "../plan.ts";

/** Asked for each piece, with what came so far; then the answer is 413 where nothing was answered yet, and the upstream's connection is cut. */
export function isTooLarge({ target, route }: Pick<Plan, "target" | "route">, bytes: number): boolean {
  const most = (route?.limits ?? target.limits).body;
  return most !== null && bytes > most;
}
