/**
 * What a field means to a proxy, by its name. Names are compared folded (lower case, everything but letters and digits as `-`), because servers
 * behind us may take `X_Forwarded_For` or `X.Forwarded.For` for the real one; such an alias has a role of its own and goes nowhere.
 */
import { NAME, WAS_ODD, WAS_UNDERSCORE } from "./octets.ts";

/** Forwarded as it came. */
export const OTHER = 0;
export const HOST = 1;
export const CONTENT_LENGTH = 2;
export const TRANSFER_ENCODING = 3;
export const CONNECTION = 4;
/** Of this connection only, by RFC 9110 7.6.1 or because Connection named it. */
export const HOP = 5;
export const UPGRADE = 6;
export const EXPECT = 7;
/** X-Forwarded-For. */
export const FORWARDED_FOR = 8;
/** Forwarded (RFC 7239). */
export const FORWARDED = 9;
/** Says where the request came from or what it was: X-Forwarded-*, X-Real-IP …; believed from trusted proxies only. */
export const MANAGED = 10;
/** Says who asks: X-Auth-*, Remote-User, client certificates, X-Tidegate-*; only the edge says that. */
export const IDENTITY = 11;
/** traceparent, tracestate. */
export const TRACE = 12;
/** X-Request-Id, X-Trace-Id. */
export const REQUEST_ID = 13;
export const AUTHORIZATION = 14;
/** Cookie, not Set-Cookie. */
export const COOKIE = 15;
/** Another spelling of any name with a role. */
export const ALIAS = 16;
/** Any other name with `_`. */
export const UNDERSCORE = 17;

/** Never passed on, either way: framing is written anew, the rest concerns one connection. `without` takes sums of `bit`s. */
export const HOP_BY_HOP = bit(CONNECTION) | bit(HOP) | bit(UPGRADE) | bit(TRANSFER_ENCODING) | bit(CONTENT_LENGTH);
/** Never passed on from a client. */
export const NEVER_FROM_CLIENT = HOP_BY_HOP | bit(EXPECT) | bit(IDENTITY) | bit(ALIAS);
/** All but OTHER. */
export const EVERYTHING_SPECIAL = ~bit(OTHER);

export function bit(role: number): number {
  return 1 << role;
}

/** Equal for all spellings of a name. */
export function hashOf(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = nextHash(hash, NAME[name.charCodeAt(at)] ?? 0);
  return hash;
}

export function nextHash(hash: number, folded: number): number {
  return (Math.imul(hash, 31) + (folded & 0xff)) & 0x3fffffff;
}

/** Whether `text` holds at `at` a spelling of `name`, which is folded. */
export function spells(text: string, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (((NAME[text.charCodeAt(at + i)] ?? 0) & 0xff) !== name.charCodeAt(i)) return false;
  return true;
}

/** `marks`: those of NAME that its characters have. */
export function roleOf(text: string, start: number, end: number, hash: number, marks: number): number {
  const special = BUCKETS[hash & MASK];
  let role = OTHER;
  if (special !== undefined && special.name.length === end - start && spells(text, start, special.name)) role = special.role;
  else if ((text.charCodeAt(start) | 0x20) === X) role = roleByPrefix(text, start, end);
  if (role !== OTHER) return (marks & (WAS_UNDERSCORE | WAS_ODD)) === 0 ? role : ALIAS;
  return (marks & WAS_UNDERSCORE) === 0 ? OTHER : UNDERSCORE;
}

// Private

interface Special {
  readonly name: string;
  readonly role: number;
}

/** As HTTP_PROXY, `proxy` would tell a CGI program where to send its own requests. */
const MORE_MANAGED: readonly string[] = [
  "x-original-uri",
  "x-original-host",
  "x-original-method",
  "cf-connecting-ip",
  "fastly-client-ip",
  "x-forwarded",
  "front-end-https",
  "proxy",
];

const NAMES: Readonly<Record<number, readonly string[]>> = {
  // Of families that are ours, but shown by clients as credentials of their own.
  [OTHER]: ["x-auth-token", "x-auth-key", "x-tidegate-token"],
  [HOST]: ["host"],
  [CONTENT_LENGTH]: ["content-length"],
  [TRANSFER_ENCODING]: ["transfer-encoding"],
  [CONNECTION]: ["connection"],
  [HOP]: ["keep-alive", "proxy-connection", "te", "trailer", "proxy-authenticate", "proxy-authorization", "http2-settings"],
  [UPGRADE]: ["upgrade"],
  [EXPECT]: ["expect"],
  [FORWARDED_FOR]: ["x-forwarded-for"],
  [FORWARDED]: ["forwarded"],
  // X-Original-URL and X-Rewrite-URL would undo what was decided by the path.
  [MANAGED]: [
    "x-real-ip",
    "client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "x-original-url",
    "x-rewrite-url",
    ...MORE_MANAGED,
  ],
  [IDENTITY]: [
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    "x-remote-user",
    "x-remote-name",
    "x-remote-email",
    "x-remote-groups",
    "x-forwarded-client-cert",
  ],
  [TRACE]: ["traceparent", "tracestate"],
  [REQUEST_ID]: ["x-request-id", "x-trace-id"],
  [AUTHORIZATION]: ["authorization"],
  [COOKIE]: ["cookie"],
};

const PREFIXES: readonly Special[] = [
  { name: "x-forwarded-", role: MANAGED },
  { name: "x-auth-", role: IDENTITY },
  { name: "x-tidegate-", role: IDENTITY },
  { name: "x-client-cert", role: IDENTITY },
  { name: "x-ssl-client-", role: IDENTITY },
];

const X = 0x78;
const MASK = 4095;
const BUCKETS = bucketTable();

function roleByPrefix(text: string, start: number, end: number): number {
  for (const { name, role } of PREFIXES) if (end - start >= name.length && spells(text, start, name)) return role;
  return OTHER;
}

function bucketTable(): readonly (Special | undefined)[] {
  const table = Array.from<Special | undefined>({ length: MASK + 1 }).fill(undefined);
  for (const [role, names] of Object.entries(NAMES)) {
    for (const name of names) {
      const at = hashOf(name) & MASK;
      const other = table[at];
      if (other !== undefined) throw new Error(`${name} and ${other.name} share a bucket of the table of roles; enlarge MASK`);
      table[at] = { name, role: Number(role) };
    }
  }
  return table;
}
