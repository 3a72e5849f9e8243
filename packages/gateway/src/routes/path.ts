/**
 * One spelling of a path, for matching, authorisation and forwarding alike: what two spellings of the same place would be judged by twice, an
 * attacker chooses between. RFC 3986 §6.2.2. Invariants: a result begins with `/`, has no dot segments, no empty segments but a last one, only
 * printable ASCII, and is its own normal form. What servers disagree about (`\`, NUL, dots behind an encoded slash) is refused.
 */
export type RequestPath =
  | { readonly ok: true; readonly path: string; /** As sent, with its `?`; empty where there is none. */ readonly query: string }
  | { readonly ok: false; /** For people and records. */ readonly problem: string };

export interface PathProblem {
  readonly problem: string;
}

/** Of a request in origin form; what stands behind the first `?` is left alone. */
export function normalisePath(target: string): RequestPath {
  const mark = target.indexOf("?");
  const path = normalise(mark === -1 ? target : target.slice(0, mark));
  return typeof path === "string" ? { ok: true, path, query: mark === -1 ? "" : target.slice(mark) } : { ok: false, ...path };
}

/** Without a query. */
export function normalise(raw: string): string | PathProblem {
  if (PLAIN.test(raw)) return raw;
  if (raw.charCodeAt(0) !== SLASH) return { problem: "it does not begin with /" };
  const clean = raw.includes("%") || ODD.test(raw) ? respell(raw) : raw;
  return typeof clean === "string" ? dissolve(clean) : clean;
}

/**
 * What an upstream may take the path for: escapes of `/` and other reserved characters undone. Where this would lead to another route the path is
 * ambiguous, see `table.ts`. A path without such escapes is returned as it is.
 */
export function unfolded(path: string): string {
  if (!path.includes("%")) return path;
  const open = path.replaceAll(RESERVED, (escape) => String.fromCharCode(hex(escape, 1)));
  if (open === path) return path;
  const again = dissolve(open);
  return typeof again === "string" ? again : path;
}

/** Of what rewriting made: total. Half an escape that a capture cut off becomes text. */
export function renormalise(rewritten: string): string {
  const rooted = rewritten.startsWith("/") ? rewritten : `/${rewritten}`;
  const path = normalise(rooted);
  if (typeof path === "string") return path;
  const inert = normalise(rooted.replaceAll("%", "%25").replaceAll(/[^\x21-\x7e]|\\/g, "_"));
  return typeof inert === "string" ? inert : "/";
}

/** Segment-aware: `/api` has `/api` and `/api/x`, never `/apix`. `prefix` is normalised and has no slash at its end, but for `/`. */
export function isBelow(path: string, prefix: string): boolean {
  if (prefix === "/") return true;
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH);
}

// Private

const SLASH = 0x2f;
/** Nothing to do, as nearly always: no escape, no `;`, no `//`, no segment of dots. */
const PLAIN = /^(?:\/\.?[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9_.~!$&'()*+,=:@-]*)*\/?$(?<!^)/;
const ODD = /[^A-Za-z0-9_.~!$&'()*+,;=:@/-]/;
const UNRESERVED = /[A-Za-z0-9_.~-]/;
const PCHAR = /[A-Za-z0-9_.~!$&'()*+,;=:@/-]/;
const RESERVED = /%(?:2[1346789ABCF]|3[ABDF]|40|5[BD])/g;
const ESCAPE = /^[0-9A-Fa-f]{2}$/;

/** Escapes in one spelling: unreserved characters as themselves, all else that is not a path's as `%XX`. */
function respell(raw: string): string | PathProblem {
  let clean = "";
  for (let at = 0; at < raw.length; at += 1) {
    const character = raw.charAt(at);
    const next = character === "%" ? unescape(raw.slice(at + 1, at + 3)) : literal(character);
    if (typeof next !== "string") return next;
    clean += next;
    if (character === "%") at += 2;
  }
  return clean;
}

function unescape(digits: string): string | PathProblem {
  if (!ESCAPE.test(digits)) return { problem: "it has a % that no two hexadecimal digits follow" };
  const code = Number.parseInt(digits, 16);
  if (code < 0x20 || code === 0x7f) return { problem: `it has the control character %${digits}` };
  if (code === 0x5c) return { problem: "it has an encoded backslash" };
  const character = String.fromCharCode(code);
  return UNRESERVED.test(character) ? character : `%${digits.toUpperCase()}`;
}

function literal(character: string): string | PathProblem {
  if (PCHAR.test(character)) return character;
  const code = character.charCodeAt(0);
  if (character === "\\") return { problem: "it has a backslash" };
  if (character === "#") return { problem: "it has a fragment" };
  if (code <= 0x20 || code > 0x7e) return { problem: "it has a character that must be escaped" };
  return `%${code.toString(16).toUpperCase()}`;
}

/** Takes out empty and dot segments (RFC 3986 §5.2.4); a slash at the end stays. */
function dissolve(path: string): string | PathProblem {
  const kept: string[] = [];
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") {
      if (HIDDEN_DOTS.test(segment)) return { problem: "it has dot segments behind ; or an encoded slash" };
      kept.push(segment);
    }
  }
  const last = segments.at(-1);
  const open = kept.length > 0 && (last === "" || last === "." || last === "..");
  return `/${kept.join("/")}${open ? "/" : ""}`;
}

/** `..;x` is `..` to servers with path parameters, `..%2F` to those that decode first. */
const HIDDEN_DOTS = /(?:^|%2F)\.{1,2}(?:$|;|%2F|%3B)/;

function hex(text: string, at: number): number {
  return Number.parseInt(text.slice(at, at + 2), 16);
}
