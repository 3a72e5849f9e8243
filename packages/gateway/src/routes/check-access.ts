/** Who may pass, as a person sends it, also in the earlier systems' `auth_…` fields. Passwords were hashed and header values sealed before this. */
import { cidr } from "./cidr.ts";
import { isOwnHeader, readCidrs, readPath, readUrl } from "./field-kinds.ts";
import type { Fields, Reading } from "./reading.ts";
import type { AccessSpec, BasicUser, ForwardAuth } from "./spec.ts";

/** Names of fields beside `access` that say the same. */
export const AUTH_FIELDS = [
  "auth_enabled",
  "auth_proxy",
  "auth_mode",
  "auth_login_url",
  "auth_required_users",
  "auth_required_emails",
  "auth_required_groups",
  "auth_excluded_paths",
  "auth_pass_headers",
] as const;

/** Only the given parts change; `access: null` or `auth_enabled: false` lets everybody in. */
export function readAccess(reading: Reading, fields: Fields, before: AccessSpec | null): AccessSpec | null {
  if (fields["access"] === null) return null;
  const earlier = earlierFields(reading, fields, before);
  if (earlier === null) return null;
  if (fields["access"] === undefined && Object.keys(earlier).length === 0) return before;
  const given = { ...earlier, ...reading.object(fields["access"] ?? {}, "access", FIELDS) };
  return complete(reading, given, before ?? OPEN);
}

// Private

const OPEN: AccessSpec = {
  allow_ips: [],
  deny_ips: [],
  tokens: null,
  basic: null,
  forward: null,
  required_users: [],
  required_emails: [],
  required_groups: [],
  excluded_paths: [],
  pass_headers: true,
  hide_credentials: true,
};
const FIELDS = Object.keys(OPEN);
const HASH = /^scrypt\$\d{1,7}\$\d{1,2}\$\d{1,2}\$[\w-]{16,}\$[\w-]{43,}$/;
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

/** Null: the earlier way to say that nobody is asked. */
function earlierFields(reading: Reading, fields: Fields, before: AccessSpec | null): Fields | null {
  if (fields["auth_enabled"] !== undefined && !reading.truth(fields["auth_enabled"], "auth_enabled")) return null;
  const access: Record<string, unknown> = {};
  for (const name of ["required_users", "required_emails", "required_groups", "excluded_paths", "pass_headers"]) {
    if (fields[`auth_${name}`] !== undefined) access[name] = fields[`auth_${name}`];
  }
  const forward = { url: fields["auth_proxy"], mode: fields["auth_mode"], login_url: fields["auth_login_url"] };
  if (Object.values(forward).some((value) => value !== undefined)) access["forward"] = forward;
  if (fields["auth_enabled"] === true && before === null && access["forward"] === undefined && fields["access"] === undefined) {
    throw reading.error(
      "auth_enabled is true, but nothing says who is let in.",
      "Give auth_proxy, or access with tokens, basic, forward or allow_ips.",
    );
  }
  return access;
}

function complete(reading: Reading, given: Fields, before: AccessSpec): AccessSpec {
  const texts = (name: keyof AccessSpec & `required_${string}`): readonly string[] =>
    reading.given(given, name, before[name], (value) => reading.texts(value ?? [], `access.${name}`, 1000));
  const ips = (name: "allow_ips" | "deny_ips"): readonly string[] =>
    reading.given(given, name, before[name], (value) => readCidrs(reading, value ?? [], `access.${name}`, cidr));
  const truth = (name: "pass_headers" | "hide_credentials"): boolean =>
    reading.given(given, name, before[name], (value) => reading.truth(value, `access.${name}`));
  return checked(reading, {
    allow_ips: ips("allow_ips"),
    deny_ips: ips("deny_ips"),
    tokens: reading.given(given, "tokens", before.tokens, (value) => readTokens(reading, value)),
    basic: reading.given(given, "basic", before.basic, (value) => readBasic(reading, value)),
    forward: reading.given(given, "forward", before.forward, (value) => readForward(reading, value, before.forward)),
    required_users: texts("required_users"),
    required_emails: texts("required_emails"),
    required_groups: texts("required_groups"),
    excluded_paths: reading.given(given, "excluded_paths", before.excluded_paths, (value) => readExcluded(reading, value)),
    pass_headers: truth("pass_headers"),
    hide_credentials: truth("hide_credentials"),
  });
}

/** What nobody can fulfil, or everybody, is a mistake. */
function checked(reading: Reading, access: AccessSpec): AccessSpec {
  const { tokens, basic, forward } = access;
  const named = [...access.required_users, ...access.required_emails, ...access.required_groups];
  if (named.length > 0 && tokens === null && basic === null && forward === null) {
    throw reading.error(
      "access requires users, emails or groups, but nothing says who somebody is.",
      "Give tokens, basic or forward as well.",
    );
  }
  return access;
}

function readTokens(reading: Reading, value: unknown): AccessSpec["tokens"] {
  if (value === null || value === false) return null;
  const fields = reading.object(value === true ? {} : value, "access.tokens", ["names", "scopes"]);
  const names = fields["names"] ?? null;
  return {
    names: names === null ? null : reading.texts(names, "access.tokens.names", 1000),
    scopes: reading.texts(fields["scopes"] ?? [], "access.tokens.scopes", 100),
  };
}

function readBasic(reading: Reading, value: unknown): AccessSpec["basic"] {
  if (value === null) return null;
  const { realm = "Restricted", users } = reading.object(value, "access.basic", ["realm", "users"]);
  const name = reading.text(realm, "access.basic.realm", 128);
  if (/[^\x20-\x7e]|["\\]/.test(name)) throw reading.wrong("access.basic.realm", "printable text without quotes", name);
  const entries = Object.entries(reading.record(users, "access.basic.users"));
  if (entries.length === 0 || entries.length > 1000) throw reading.wrong("access.basic.users", "1 to 1000 users", entries.length);
  return { realm: name, users: Object.fromEntries(entries.map(([user, one]) => [userName(reading, user), readUser(reading, one, user)])) };
}

function userName(reading: Reading, name: string): string {
  if (name !== "" && name.length <= 128 && !/[:\p{Cc}]/u.test(name)) return name;
  throw reading.wrong("A name in access.basic.users", "1 to 128 characters without colon", name);
}

function readUser(reading: Reading, value: unknown, name: string): BasicUser {
  const where = `access.basic.users.${name.slice(0, 60)}`;
  const { hash, email = null, groups = [] } = reading.object(value, where, ["hash", "email", "groups"]);
  if (typeof hash !== "string" || !HASH.test(hash)) throw reading.error(`${where} has no password.`);
  return {
    hash,
    email: email === null ? null : reading.text(email, `${where}.email`, 256),
    groups: reading.texts(groups, `${where}.groups`, 100),
  };
}

const FORWARD: Omit<ForwardAuth, "url"> = {
  mode: "forward",
  login_url: null,
  copy_headers: [],
  timeout: 5000,
  on_failure: "closed",
  headers: {},
  cache: null,
};

function readForward(reading: Reading, value: unknown, before: ForwardAuth | null): ForwardAuth | null {
  if (value === null) return null;
  const fields = reading.object(value, "access.forward", ["url", ...Object.keys(FORWARD)]);
  const base = { ...FORWARD, ...before };
  const mode = reading.given(fields, "mode", base.mode, (one) =>
    reading.choice(one, "access.forward.mode", ["forward", "redirect"] as const),
  );
  const forward: ForwardAuth = {
    url: reading.given(fields, "url", before?.url ?? null, (one) => readUrl(reading, one, "access.forward.url")) ?? missing(reading),
    mode,
    login_url: reading.given(fields, "login_url", base.login_url, (one) => readLogin(reading, one)),
    copy_headers: reading.given(fields, "copy_headers", base.copy_headers, (one) => readCopied(reading, one)),
    timeout: reading.given(fields, "timeout", base.timeout, (one) => reading.whole(one, "access.forward.timeout", 1, 60_000)),
    on_failure: reading.given(fields, "on_failure", base.on_failure, (one) =>
      reading.choice(one, "access.forward.on_failure", ["closed", "open"] as const),
    ),
    headers: reading.given(fields, "headers", base.headers, (one) => readSealed(reading, one)),
    cache: reading.given(fields, "cache", base.cache, (one) => readCache(reading, one)),
  };
  if (forward.mode === "redirect" && forward.login_url === null)
    throw reading.error("access.forward.login_url is missing: with mode redirect it says where people sign in.");
  return forward;
}

function readCache(reading: Reading, value: unknown): ForwardAuth["cache"] {
  if (value === null) return null;
  const { seconds, headers = ["authorization", "cookie"], paths = "each" } = reading.object(value, CACHE, ["seconds", "headers", "paths"]);
  return {
    seconds: reading.whole(seconds, `${CACHE}.seconds`, 1, 3600),
    headers: reading.texts(headers, `${CACHE}.headers`, 16, 128).map((name) => {
      if (HEADER.test(name) && !isOwnHeader(name)) return name.toLowerCase();
      throw reading.wrong(`${CACHE}.headers`, "names of headers that a client sends", name);
    }),
    paths: reading.choice(paths, `${CACHE}.paths`, ["each", "all"] as const),
  };
}

const CACHE = "access.forward.cache";

function missing(reading: Reading): never {
  throw reading.wrong("access.forward.url", "the URL that is asked", undefined);
}

function readLogin(reading: Reading, value: unknown): string | null {
  return value === null ? null : readUrl(reading, value, "access.forward.login_url", { query: true });
}

function readCopied(reading: Reading, value: unknown): string[] {
  return reading.texts(value, "access.forward.copy_headers", 64, 128).map((name) => {
    if (HEADER.test(name) && !FRAMING.has(name.toLowerCase())) return name;
    throw reading.wrong("access.forward.copy_headers", "names of headers, not of framing", name);
  });
}

const FRAMING = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "proxy-connection",
]);

/** Values are sealed or plain; the manager seals plain ones. */
function readSealed(reading: Reading, value: unknown): ForwardAuth["headers"] {
  const fields = reading.record(value, "access.forward.headers");
  for (const [name, content] of Object.entries(fields)) {
    const where = `access.forward.headers.${name.slice(0, 60)}`;
    if (!HEADER.test(name) || isOwnHeader(name)) throw reading.error(`${where} cannot be set.`);
    const sealed = typeof content === "object" && content !== null && "$sealed" in content;
    if (!sealed && /[^\x20-\x7e]/.test(reading.text(content, where, 4096)))
      throw reading.wrong(where, "printable text on one line", "something else");
  }
  return fields as ForwardAuth["headers"];
}

function readExcluded(reading: Reading, value: unknown): string[] {
  return reading
    .texts(value ?? [], "access.excluded_paths", 256, 1024)
    .map((path, at) => readPath(reading, path, `access.excluded_paths[${at}]`));
}
