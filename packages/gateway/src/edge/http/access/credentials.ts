/** What a request shows in Authorization: exactly one line of it, or nothing is shown. Two would let us judge one and the upstream believe the other. */
import type { EdgeRequest } from "../exchange.ts";

/** Without white space around it; null: there is none of the scheme. `scheme` in lower case. */
export function credentials({ fields }: EdgeRequest, scheme: string): string | null {
  const lines = fields.all("authorization");
  const [line] = lines;
  if (line === undefined || lines.length > 1) return null;
  const space = line.indexOf(" ");
  return space > 0 && line.slice(0, space).toLowerCase() === scheme ? line.slice(space + 1).trim() : null;
}
