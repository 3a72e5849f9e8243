/** A route's id: given, or made from its path so that people know it again. */
import { GatewayError } from "../errors.ts";

const ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;
/** Paths beside those of routes in the REST interface. */
const RESERVED = new Set(["formatted"]);
const LONGEST_SLUG = 40;

export function isRouteId(text: string): boolean {
  return ID.test(text) && !RESERVED.has(text);
}

/** INVALID_NAME. */
export function checkRouteId(id: unknown): string {
  if (typeof id === "string" && isRouteId(id)) return id;
  const shown = JSON.stringify(id)?.slice(0, 80) ?? "nothing";
  throw new GatewayError("INVALID_NAME", `${shown} cannot be the id of a route.`, {
    hint: `Allowed: up to 63 of a-z 0-9 _ -, beginning with a letter or a digit; not ${[...RESERVED].join(", ")}.`,
  });
}

/** `/api/v2` → `api-v2`, and `api-v2-2` where that is taken. */
export function routeIdFor(path: unknown, taken: ReadonlySet<string>): string {
  const words = typeof path === "string" ? path.toLowerCase().match(/[a-z0-9]+/g) : null;
  const slug = (words ?? ["root"]).join("-").slice(0, LONGEST_SLUG).replace(/-$/, "");
  for (let count = 1; ; count += 1) {
    const id = count === 1 ? slug : `${slug}-${count}`;
    if (!taken.has(id) && !RESERVED.has(id)) return id;
  }
}
