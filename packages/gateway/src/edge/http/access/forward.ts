/**
 * Forward-auth: another service is asked about each request and says yes (2xx) or what is answered instead. It is told only what we know and what a
 * client may say of itself; of its answer come through the fields named in `copy_headers` and, on a no, those a login needs.
 */
import type { AccessSpec, ForwardAuth } from "../../../routes/spec.ts";
import type { Sealed } from "../../../store/entity.ts";
import { line } from "../headers/values.ts";
import type { Identity } from "../plan.ts";
import { deny, type Denied } from "./decision.ts";
import type { AuthAnswer, HeaderList } from "./forward-auth.ts";
import { AuthCache } from "./forward-cache.ts";
import { canBeCopied, forwardHeaders } from "./forward-headers.ts";
import type { Asked, RuleDeps, Shown, Way } from "./way.ts";

export function forwardWay(spec: AccessSpec, deps: RuleDeps): Way | null {
  return spec.forward === null ? null : new ForwardWay(spec, spec.forward, deps);
}

// Private

class ForwardWay implements Way {
  readonly challenge = null;
  readonly #spec: AccessSpec;
  readonly #forward: ForwardAuth;
  readonly #deps: RuleDeps;
  readonly #url: URL;
  readonly #copied: readonly string[];
  readonly #cache: AuthCache | null;

  constructor(spec: AccessSpec, forward: ForwardAuth, deps: RuleDeps) {
    this.#spec = spec;
    this.#forward = forward;
    this.#deps = deps;
    this.#url = new URL(forward.url);
    this.#copied = forward.copy_headers.filter(canBeCopied);
    // Rules that were stored before there was one lack it.
    const cache = forward.cache ?? null;
    this.#cache = cache === null ? null : new AuthCache(cache, deps.now);
  }

  ask(asked: Asked): Shown | Promise<Shown> {
    if (this.#cache === null) return this.#asked(asked, null);
    // Its owner's own fields are the same each time, and cost a decryption.
    const key = this.#cache.keyOf(this.#told(asked, []));
    return this.#cache.get(key) ?? this.#asked(asked, key);
  }

  async #asked(asked: Asked, key: string | null): Promise<Shown> {
    const { timeout, on_failure: onFailure } = this.#forward;
    try {
      const answer = await this.#deps.forwarding.ask(this.#url, this.#told(asked, this.#own()), timeout);
      const shown = judge(answer, this.#forward, this.#copied, asked);
      if (shown.ok && key !== null) this.#cache?.keep(key, shown, answer);
      return shown;
    } catch {
      return onFailure === "open" ? { ok: true, identity: null, hide: null, extra: [] } : unavailable();
    }
  }

  #told(asked: Asked, own: Own): HeaderList {
    return forwardHeaders(asked, { own, only: this.#cache?.headers ?? null });
  }

  /** What it is asked with beside what the client says. */
  #own(): Own {
    return Object.entries(this.#forward.headers).map(([name, value]) => [name, this.#opened(value, name)] as const);
  }

  #opened(value: string | Sealed, name: string): string {
    return typeof value === "string" ? value : this.#deps.unseal(value, this.#spec, name);
  }
}

type Yes = Extract<Shown, { ok: true }>;
type Own = readonly (readonly [name: string, value: string])[];

/** An answer that is neither yes nor no is a fault of the service: nobody is let in by it. */
function judge(answer: AuthAnswer, forward: ForwardAuth, copied: readonly string[], asked: Asked): Yes | Denied {
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
