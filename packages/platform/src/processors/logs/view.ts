/** One stream as one query sees it: the range, and where in it the condition with the fewest entries is met. */
import type { Plan } from "./plan.ts";
import { hoursWithin, partsOf, sumOf, type Hit, type LogSource, type Range, type Standing } from "./source.ts";

export interface View {
  readonly source: LogSource;
  readonly range: Range;
  readonly standing: Standing;
  /** Where the leading condition is met; null without one. */
  readonly hits: readonly Hit[] | null;
}

export async function viewOf(source: LogSource, plan: Plan): Promise<View> {
  const range = { from: `${plan.from}-0`, below: `${plan.to + 1}-0` };
  const standing = await source.standing();
  const { indexed } = partsOf(range, standing);
  const hours = hoursWithin(indexed, standing.hours);
  const all = await Promise.all(plan.conditions.map((condition) => source.hits(condition, indexed, hours)));
  const [fewest = null] = all.sort((a, b) => sumOf(a) - sumOf(b));
  return { source, range, standing, hits: fewest };
}
