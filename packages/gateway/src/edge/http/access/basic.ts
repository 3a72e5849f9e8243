/** Name and password (RFC 7617, UTF-8). A name that does not exist costs as long as one that does. */
import type { AccessSpec, BasicUser } from "../../../routes/spec.ts";
import { credentials } from "./credentials.ts";
import { deny } from "./decision.ts";
import { parseHash } from "./password-hash.ts";
import type { Verdict } from "./passwords.ts";
import type { Asked, RuleDeps, Shown, Way } from "./way.ts";

export function basicWay({ basic }: AccessSpec, { passwords }: RuleDeps): Way | null {
  if (basic === null) return null;
  const users = new Map(Object.entries(basic.users).map(([name, user]) => [name, { user, hash: parseHash(user.hash) }]));
  const nobody = [...users.values()].find(({ hash }) => hash !== null)?.hash ?? null;
  return {
    challenge: `Basic realm="${quoted(basic.realm)}", charset="UTF-8"`,
    ask: ({ request, client }: Asked) => {
      const shown = readPair(credentials(request, "basic"));
      if (shown === null) return null;
      const found = users.get(shown.name);
      const hash = found?.hash ?? nobody;
      if (hash === null) return null;
      const isKnown = found !== undefined && found.hash !== null;
      const verdict = passwords.check(shown, hash, client.address, isKnown);
      const made = (said: Verdict): Shown => shownBy(said, shown.name, isKnown ? found.user : null);
      return typeof verdict === "string" ? made(verdict) : verdict.then(made);
    },
  };
}

// Private

function shownBy(verdict: Verdict, name: string, user: BasicUser | null): Shown {
  if (verdict === "too_many_attempts") return deny(verdict, "Retry-After: 60\r\n");
  if (verdict === "busy") return deny(verdict, "Retry-After: 1\r\n");
  if (verdict === "wrong" || user === null) return null;
  return { ok: true, identity: { id: name, name, email: user.email, groups: user.groups, by: "basic" }, hide: "authorization", extra: [] };
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const LONGEST = 2_048;
const utf8 = new TextDecoder("utf-8", { fatal: true });

function readPair(encoded: string | null): { readonly name: string; readonly password: string } | null {
  if (encoded === null || encoded.length > LONGEST || !BASE64.test(encoded)) return null;
  const text = decode(Buffer.from(encoded, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  return text === null || colon < 1 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Old clients send latin1. */
function decode(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}

function quoted(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
}
