/**
 * Where Redis is, read from one URL:
 *   redis://[user:password@]host[:6379][/db]          one server; rediss:// speaks TLS with it
 *   redis+sentinel://[user:password@]h1[:26379],h2,…/<primary>[/db][?sentinelUsername=…&sentinelPassword=…]
 * `rediss+sentinel://` speaks TLS with the sentinels and the servers alike. The WHATWG parser knows no list of hosts, so this one
 * reads every form. Errors name the part that is wrong and never show a password.
 */
import { TidegateError } from "../errors.ts";
import type { TlsOptions } from "../tide.ts";

export interface Host {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** How the sentinels call the primary, and how to sign in at the sentinels themselves. */
export interface SentinelAccess {
  readonly primary: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export interface Endpoint {
  /** The server; with `sentinel` the sentinels to ask for it. */
  readonly hosts: readonly Host[];
  readonly sentinel: SentinelAccess | null;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Null for a plain connection. */
  readonly tls: TlsOptions | null;
}

/** `where` names the option or variable for the error. The result has `tls: {}` where the scheme asks for it. */
export function parseEndpoint(value: string, where: string): Endpoint {
  const wrong = (why: string, hint = FORMS): TidegateError =>
    new TidegateError("INVALID_CONFIG", `${where} is not a Redis address: ${why}; found "${withoutSecrets(value)}".`, { hint });
  const [, scheme = "", access, hosts = "", path = "", query = ""] = PARTS.exec(value) ?? [];
  if (scheme === "redis+cluster" || scheme === "rediss+cluster") throw wrong("Redis Cluster is not supported yet", NO_CLUSTER);
  if (!SCHEMES.test(scheme)) throw wrong("it does not begin with redis://, rediss:// or redis+sentinel://");
  const sentinel = scheme.endsWith("+sentinel");
  const segments = path.split("/").slice(1).map(decoded(wrong));
  const primary = sentinel ? segments.shift() : undefined;
  if (primary === "" || (sentinel && primary === undefined)) throw wrong("it does not say which primary the sentinels watch", PRIMARY);
  const parameters = parseQuery(query, sentinel, wrong);
  return {
    ...parseAccess(access, wrong),
    hosts: parseHosts(hosts, sentinel, wrong),
    sentinel:
      primary === undefined
        ? null
        : { primary, username: parameters.get("sentinelUsername"), password: parameters.get("sentinelPassword") },
    database: parseDatabase(segments, wrong),
    tls: scheme.startsWith("rediss") ? {} : null,
  };
}

/** For people and for `instance.json`: the same address without passwords. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/.*@/s, "//***@").replace(/([?&][a-z]*password=)[^&]*/gi, "$1***");
}

export function describeHost({ host, port }: Host): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export function describeEndpoint(endpoint: Endpoint): string {
  const hosts = endpoint.hosts.map(describeHost).join(",");
  return endpoint.sentinel === null ? hosts : `${endpoint.sentinel.primary} (by sentinel ${hosts})`;
}

// Private

type Wrong = (why: string, hint?: string) => TidegateError;

const PARTS = /^([a-z+]+):\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/;
const SCHEMES = /^rediss?(\+sentinel)?$/;
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i;
const FORMS = "Write redis://host:6379, rediss://user:password@host:6380/0 or redis+sentinel://host1:26379,host2:26379/primary/0.";
const NO_CLUSTER = "Name a single server, or a set of sentinels: redis+sentinel://host1:26379,host2:26379/primary.";
const PRIMARY = "Put its name behind the hosts: redis+sentinel://host1:26379,host2:26379/mymaster/0.";

function parseHosts(list: string, sentinel: boolean, wrong: Wrong): Host[] {
  const texts = list.split(",");
  if (texts.length > 1 && !sentinel) throw wrong("it names several hosts", "Several hosts are sentinels: write redis+sentinel://.");
  return texts.map((text) => {
    const [, six, name, port] = HOST.exec(text) ?? [];
    const host = six ?? name;
    if (host === undefined) throw wrong(`the host "${text}" cannot be read`, "Write name:port; an IPv6 address in brackets: [::1]:6379.");
    const number = Number(port ?? (sentinel ? 26_379 : 6379));
    if (number < 1 || number > 65_535) throw wrong(`the port ${number} is not between 1 and 65535`);
    return { host, port: number };
  });
}

function parseAccess(access: string | undefined, wrong: Wrong): Pick<Endpoint, "username" | "password"> {
  const text = access ?? "";
  const colon = text.indexOf(":");
  const part = (value: string): string | undefined => (value === "" ? undefined : decoded(wrong)(value));
  return colon === -1
    ? { username: part(text), password: undefined }
    : { username: part(text.slice(0, colon)), password: part(text.slice(colon + 1)) };
}

function parseDatabase(segments: readonly string[], wrong: Wrong): number {
  const [text = "", ...more] = segments;
  if (more.length === 0 && /^\d{0,5}$/.test(text)) return Number(text);
  throw wrong(`the database "${segments.join("/")}" is not a number`);
}

function parseQuery(query: string, sentinel: boolean, wrong: Wrong): Map<string, string> {
  const parameters = new Map(new URLSearchParams(query));
  const allowed = sentinel ? ["sentinelUsername", "sentinelPassword"] : [];
  const stranger = [...parameters.keys()].find((name) => !allowed.includes(name));
  if (stranger === undefined) return parameters;
  throw wrong(`the parameter ${stranger} is unknown`, sentinel ? `Allowed: ${allowed.join(", ")}.` : "It takes no parameters.");
}

function decoded(wrong: Wrong): (text: string) => string {
  return (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw wrong("a % in it is not followed by two hexadecimal digits", "Write a % itself as %25.");
    }
  };
}
