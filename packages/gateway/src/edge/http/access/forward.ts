/**
 * Forward-auth: another service is asked about each request and says yes (2xx) or what is answered instead. It is told only what we know and what a
 * client may say of itself; of its answer come through the fields named in `copy_headers` and, on a no, those a login needs.
 */
import type { AccessSpec, ForwardAuth } from "../../../routes/spec.ts";
import type { Sealed } from "../../../store/entity.ts";
import { line } from "../headers/values.ts";
import type { Identity } from "../plan.ts";
import { deny, type Denied } from "./decision.ts";
import type { AuthAnswer } from "./forward-auth.ts";
import { canBeCopied, forwardHeaders } from "./forward-headers.ts";
import type { Asked, RuleDeps, Shown, Way } from "./way.ts";

export function forwardWay(spec: AccessSpec, { forwarding, unseal }: RuleDeps): Way | null {
  const { forward } = spec;
  if (forward === null) return null;
  const url = new URL(forward.url);
  const copied = forward.copy_headers.filter(canBeCopied);
  return {
    challenge: null,
    ask: async (asked) => {
      try {
        const own = Object.entries(forward.headers).map(([name, value]) => [name, opened(value, name)] as const);
        const answer = await forwarding.ask(url, forwardHeaders(asked, own), forward.timeout);
        return judge(answer, forward, copied, asked);
      } catch {
        return forward.on_failure === "open" ? { ok: true, identity: null, hide: null, extra: [] } : unavailable();
      }
    },
  };

  function opened(value: string | Sealed, name: string): string {
    return typeof value === "string" ? value : unseal(value, spec, name);
  }
}

// Private

/** An answer that is neither yes nor no is a fault of the service: nobody is let in by it. */
function judge(answer: AuthAnswer, forward: ForwardAuth, copied: readonly string[], asked: Asked): Shown {
  if (answer.status >= 200 && answer.status < 300)
    return { ok: true, identity: identityOf(answer), hide: null, extra: copies(answer, copied) };
  const isRedirect = REDIRECTS.includes(answer.status) && answer.get("location") !== null;
  if (!isRedirect && answer.status !== 401 && answer.status !== 403) return unavailable();
  if (forward.mode === "redirect" && answer.status !== 403 && forward.login_url !== null) return toLogin(forward.login_url, asked);
  return deny(answer.status === 401 ? "unauthenticated" : isRedirect ? "login" : "auth_refused", passed(answer), answer.status);
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const PASSED: readonly string[] = ["Location", "Set-Cookie", "WWW-Authenticate"];

function passed(answer: AuthAnswer): string {
  return PASSED.flatMap((name) => answer.all(name.toLowerCase()).map((value) => line(name, value))).join("");
}

/** `{url}` in it becomes what was asked for. */
function toLogin(loginUrl: string, { request, client }: Asked): Denied {
  const asked = `${client.secure ? "https" : "http"}://${client.host}${request.target}`;
  return deny(
    "login",
    line(
      "Location",
      loginUrl.replaceAll("{url}", () => encodeURIComponent(asked)),
    ),
  );
}

function unavailable(): Denied {
  return deny("auth_unavailable", "Retry-After: 5\r\n");
}

function copies(answer: AuthAnswer, names: readonly string[]): [string, string][] {
  return names.flatMap((name) => answer.all(name.toLowerCase()).map((value): [string, string] => [name, value]));
}

/** By the names that the usual services have for it. */
function identityOf(answer: AuthAnswer): Identity | null {
  const first = (...names: string[]): string | null =>
    names.map((name) => answer.get(name)).find((value) => value !== null && value !== "") ?? null;
  const id = first("x-auth-user-id", "remote-user", "x-auth-request-user", "x-forwarded-user");
  const email = first("x-auth-user-email", "remote-email", "x-auth-request-email", "x-forwarded-email");
  if (id === null && email === null) return null;
  const name = first("x-auth-user-name", "remote-name", "x-auth-request-preferred-username", "x-forwarded-preferred-username");
  const groups = first("x-auth-user-groups", "remote-groups", "x-auth-request-groups", "x-forwarded-groups") ?? "";
  const known = id ?? email ?? "";
  return { id: known, name: name ?? known, email, groups: groupsOf(groups), by: "forward" };
}

function groupsOf(text: string): string[] {
  return text
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "");
}
