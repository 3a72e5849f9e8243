/** API tokens, shown as `Authorization: Bearer` or `X-Tidegate-Token`. They are looked for by their digest: how long that takes says nothing of the secret. */
import { hash } from "node:crypto";
import type { AccessSpec } from "../../../routes/spec.ts";
import { credentials } from "./credentials.ts";
import { deny } from "./decision.ts";
import type { KnownToken } from "./known-token.ts";
import type { Asked, RuleDeps, Shown, Way } from "./way.ts";

const TOKEN_HEADER = "x-tidegate-token";
/** A longer one is none of ours and not worth a digest. */
const LONGEST = 1_024;

export function tokenWay({ tokens }: AccessSpec, { tokens: find, now }: RuleDeps): Way | null {
  if (tokens === null) return null;
  const judge = (token: KnownToken, hide: string): Shown => {
    const { id, name, email, groups, scopes } = token;
    const fits = (tokens.names?.includes(name) ?? true) && tokens.scopes.every((wanted) => scopes.some((own) => contains(own, wanted)));
    return fits ? { ok: true, identity: { id, name, email, groups, by: "token" }, hide, extra: [] } : deny("not_allowed");
  };
  const look = (secret: string | null, hide: string): Shown => {
    const token =
      secret === null || secret === "" || secret.length > LONGEST ? null : find(hash("sha256", Buffer.from(secret, "latin1"), "hex"));
    return token === null || (token.expires !== null && token.expires <= now()) ? null : judge(token, hide);
  };
  return {
    challenge: 'Bearer realm="tidegate"',
    ask: ({ request }: Asked) => {
      const bearer = look(credentials(request, "bearer"), "authorization");
      return bearer?.ok === true ? bearer : (look(onlyOne(request.fields.all(TOKEN_HEADER)), TOKEN_HEADER) ?? bearer);
    },
  };
}

/** `write` contains `read`, `admin` both, `*` everything; as for the API itself. */
export function contains(own: string, wanted: string): boolean {
  if (own === "*" || own === wanted) return true;
  const [resource, level = ""] = own.split(":");
  const [of, least = ""] = wanted.split(":");
  return resource === of && LEVELS.includes(least) && LEVELS.indexOf(level) > LEVELS.indexOf(least);
}

// Private

const LEVELS: readonly string[] = ["read", "write", "admin"];

function onlyOne(values: readonly string[]): string | null {
  return values.length === 1 ? (values[0] ?? null) : null;
}
