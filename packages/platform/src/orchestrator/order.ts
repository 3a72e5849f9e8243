/** The order of starts, computed from what each component says it needs. Pure. */
import { PlatformError } from "../errors.ts";

/** Name → names it needs. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** Everything after what it needs; those that do not need each other stay in the order they were declared in. Throws START_FAILED. */
export function startOrder(needs: Needs): readonly string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    if (path.includes(name)) throw circle([...path.slice(path.indexOf(name)), name]);
    for (const need of needs.get(name) ?? []) {
      if (!needs.has(need)) throw stranger(name, need, needs);
      visit(need, [...path, name]);
    }
    done.add(name);
    order.push(name);
  };
  for (const name of needs.keys()) visit(name, []);
  return order;
}

// Private

function circle(path: readonly string[]): PlatformError {
  return new PlatformError("START_FAILED", `Components need each other in a circle: ${path.join(" → ")}.`, {
    hint: "Take one of these needs away; none of them can start first.",
  });
}

function stranger(name: string, need: string, needs: Needs): PlatformError {
  return new PlatformError("START_FAILED", `The component "${name}" needs "${need}", which was not declared.`, {
    hint: `Declared: ${[...needs.keys()].join(", ")}.`,
  });
}
