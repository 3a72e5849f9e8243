/** The edge's table as it stands in Redis and in the snapshot: a field per place (`tcp/<bind>/<port>`), its value the port as JSON. */
import type { EdgePort } from "./switch.ts";

/** Value by field. */
export type Places = ReadonlyMap<string, string>;

export function placeOf({ bind, port }: Pick<EdgePort, "bind" | "port">): string {
  return `tcp/${bind}/${port}`;
}

/** For people: `127.0.0.1:8080`, `[::]:8080`. */
export function addressOf({ bind, port }: Pick<EdgePort, "bind" | "port">): string {
  return bind.includes(":") ? `[${bind}]:${port}` : `${bind}:${port}`;
}

/** The same port always gives the same text: what did not change is told by it. */
export function serialise({ service, name, bind, port, endpoints, mode, hold, access }: EdgePort): string {
  const reached = endpoints.map((endpoint) => ({ id: endpoint.id, host: endpoint.host, port: endpoint.port }));
  const asked = access === null ? null : { token_hashes: access.token_hashes, client_ca: access.client_ca };
  return JSON.stringify({ service, name, bind, port, endpoints: reached, mode, hold, access: asked });
}

export function parsePlace(value: string): EdgePort {
  return JSON.parse(value) as EdgePort;
}

/** An answer of HGETALL; `version` is 0 where there is no table. */
export function readTable(reply: unknown): { readonly version: number; readonly places: Places } {
  const fields = new Map<string, string>();
  if (Array.isArray(reply)) for (let at = 0; at + 1 < reply.length; at += 2) fields.set(String(reply[at]), String(reply[at + 1]));
  const version = Number(fields.get("version") ?? 0);
  fields.delete("version");
  return { version, places: fields };
}
