/** Ports of a service: in `port_configs`, or for a single one in the short fields of the earlier systems. Tokens become hashes here. */
import { createHash, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { PortAccess, PortSpec } from "../spec.ts";
import { choice, list, matching, object, text, truth, wrong, wrongAs, type Fields } from "./fields.ts";

const PORT_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
export const PORT_FIELDS = [
  "name",
  "host",
  "container",
  "bind",
  "protocol",
  "description",
  "source_token",
  "source_tokens",
  "client_ca",
  "access",
];
export const SHORT_FIELDS = ["internal_port", "external_port", "expose_ports", "bind_address", "protocol"] as const;
/** What the earlier systems took, too. */
const USUAL: PortSpec = { name: "main", host: null, container: 8080, bind: "127.0.0.1", protocol: "tcp", access: null, description: "" };

/** Without any field: port 8080 of the container at a free port of loopback. `port_configs: []`: none. */
export function readPorts(request: Fields, before: readonly PortSpec[] | null): PortSpec[] {
  const short = SHORT_FIELDS.filter((name) => request[name] !== undefined);
  const given = request["port_configs"];
  if (given === undefined && short.length === 0) return [...(before ?? [USUAL])];
  if (given !== undefined && short.length > 0)
    throw wrong(
      short.join(", "),
      "left out where port_configs is given",
      request[short[0] ?? ""],
      "They are the short form for a single port.",
    );
  const ports = given === undefined ? [shortPort(request, before)] : list(given, "port_configs", 64).map(readPort);
  checkUnique(ports);
  return ports;
}

// Private

function shortPort(request: Fields, before: readonly PortSpec[] | null): PortSpec {
  const [first = USUAL, ...others] = before ?? [];
  if (others.length > 0) throw wrong("internal_port", "left out: the service has several ports", null, "Give all of them in port_configs.");
  const { internal_port: container, external_port: host, bind_address: bind, protocol, expose_ports: expose } = request;
  const address = bind === undefined ? first.bind : readBind(bind, "bind_address");
  if (expose !== undefined && !truth(expose, "expose_ports") && !["127.0.0.1", "::1"].includes(address))
    throw wrong("bind_address", "127.0.0.1 or ::1 where expose_ports is false", bind);
  return {
    ...first,
    container: container === undefined ? first.container : portNumber(container, "internal_port"),
    host: host === undefined ? first.host : readHost(host, "external_port"),
    bind: address,
    protocol: protocol === undefined ? first.protocol : choice(protocol, "protocol", ["tcp", "udp"]),
  };
}

function readPort(value: unknown, at: number): PortSpec {
  const field = `port_configs[${at}]`;
  const fields = object(value, field, PORT_FIELDS);
  const container = portNumber(fields["container"], `${field}.container`);
  const name = fields["name"] ?? (at === 0 ? USUAL.name : `port-${container}`);
  const port = {
    name: matching(name, `${field}.name`, PORT_NAME, "lower case letters, digits, _ and -, at most 32"),
    host: readHost(fields["host"] ?? null, `${field}.host`),
    container,
    bind: readBind(fields["bind"] ?? USUAL.bind, `${field}.bind`),
    protocol: choice(fields["protocol"] ?? "tcp", `${field}.protocol`, ["tcp", "udp"] as const),
    access: readAccess(fields, field),
    description: text(fields["description"] ?? "", `${field}.description`, 500),
  };
  if (port.protocol === "udp" && port.access !== null) throw wrong(field, "TCP where a token or certificate is asked for", "udp");
  return port;
}

function portNumber(value: unknown, field: string): number {
  const found = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof found === "number" && Number.isInteger(found) && found >= 1 && found <= 65_535) return found;
  throw wrongAs("INVALID_PORT", field, "a port from 1 to 65535", value);
}

function readHost(value: unknown, field: string): PortSpec["host"] {
  if (value === null) return null;
  if (typeof value !== "object") return portNumber(value, field);
  const range = object(value, field, ["from", "to"]);
  const [from, to] = [portNumber(range["from"], `${field}.from`), portNumber(range["to"], `${field}.to`)];
  if (from > to) throw wrongAs("INVALID_PORT", field, "a range whose from is not above its to", `${from}-${to}`);
  return { from, to };
}

function readBind(value: unknown, field: string): string {
  const address = value === "localhost" ? "127.0.0.1" : value;
  if (typeof address === "string" && isIP(address) !== 0) return address;
  throw wrongAs("INVALID_PORT", field, "an address of this machine, as 127.0.0.1, 0.0.0.0 or ::", value);
}

/** `access` is what was kept; a token or authority that is given now takes the place of its own part, `null` removes it. */
function readAccess(fields: Fields, field: string): PortAccess | null {
  const kept = keptAccess(fields["access"] ?? null, `${field}.access`);
  const hashes = fields["source_tokens"] === undefined ? oneToken(fields, field) : manyTokens(fields, field);
  const authority = fields["client_ca"] === undefined ? kept.client_ca : readAuthority(fields["client_ca"], `${field}.client_ca`);
  const token_hashes = hashes ?? kept.token_hashes;
  return token_hashes.length === 0 && authority === null ? null : { token_hashes, client_ca: authority };
}

function keptAccess(value: unknown, field: string): PortAccess {
  if (value === null) return { token_hashes: [], client_ca: null };
  const { token_hashes: hashes = [], client_ca: authority = null } = object(value, field, ["token_hashes", "client_ca"]);
  const token_hashes = list(hashes, `${field}.token_hashes`, 64).map((hash) =>
    matching(hash, `${field}.token_hashes`, /^[0-9a-f]{64}$/, "SHA-256 in hex"),
  );
  return { token_hashes, client_ca: readAuthority(authority, `${field}.client_ca`) };
}

function oneToken(fields: Fields, field: string): string[] | null {
  const token = fields["source_token"];
  if (token === undefined) return null;
  return token === null || token === "" ? [] : [hashed(token, `${field}.source_token`)];
}

function manyTokens(fields: Fields, field: string): string[] {
  if (fields["source_token"] !== undefined) throw wrong(`${field}.source_token`, "left out where source_tokens is given", {});
  return list(fields["source_tokens"] ?? [], `${field}.source_tokens`, 64).map((token, at) =>
    hashed(token, `${field}.source_tokens[${at}]`),
  );
}

/** A token is never repeated in an error. */
function hashed(token: unknown, field: string): string {
  if (typeof token !== "string" || token.length < 16 || token.length > 512 || !/^[\x21-\x7e]+$/.test(token))
    throw wrong(
      field,
      "16 to 512 visible characters",
      typeof token === "string" ? `${token.length} characters` : {},
      "Make one: openssl rand -hex 32",
    );
  return createHash("sha256").update(token).digest("hex");
}

function readAuthority(value: unknown, field: string): string | null {
  if (value === null || value === "") return null;
  const pem = text(value, field, 65_536);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || !blocks.every(isAuthority)) throw wrong(field, "PEM of one or more authorities' certificates", {});
  return pem;
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

function checkUnique(ports: readonly PortSpec[]): void {
  const names = ports.map(({ name }) => name);
  const hosts = ports.flatMap(({ protocol, host, bind }) => (typeof host === "number" ? [`${protocol}/${host} on ${bind}`] : []));
  for (const [what, keys] of [["name", names] as const, ["host port", hosts] as const]) {
    const twice = keys.find((key, at) => keys.indexOf(key) !== at);
    if (twice !== undefined) throw wrong("port_configs", `ports that differ in their ${what}`, twice);
  }
}
