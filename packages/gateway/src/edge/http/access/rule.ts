/**
 * One access rule, compiled: excluded paths, address lists, then any of the ways to show who one is, in the order token, password, forward-auth.
 * What is shown wrong lets the next way decide; when none lets in, the last that said why is the answer. Sync wherever nothing must be waited for.
 */
import { cidr, networks, type Networks } from "../../../routes/cidr.ts";
import type { AccessSpec } from "../../../routes/spec.ts";
import { fold } from "../headers/managed.ts";
import type { Identity } from "../plan.ts";
import { basicWay } from "./basic.ts";
import { deny, type Allowed, type Decision, type Denied } from "./decision.ts";
import { excluder } from "./excluded.ts";
import { forwardWay } from "./forward.ts";
import { tokenWay } from "./tokens.ts";
import type { Asked, RuleDeps, Shown, Way } from "./way.ts";

export class AccessRule {
  readonly #spec: AccessSpec;
  readonly #isExcluded: (path: string) => boolean;
  readonly #denied: Networks;
  readonly #allowed: Networks | null;
  readonly #ways: readonly Way[];
  /** Whatever happens, a client cannot say what forward-auth says. */
  readonly #hide: readonly string[];
  readonly #challenges: string;

  constructor(spec: AccessSpec, deps: RuleDeps) {
    this.#spec = spec;
    this.#isExcluded = excluder(spec.excluded_paths);
    this.#denied = listed(spec.deny_ips);
    this.#allowed = spec.allow_ips.length === 0 ? null : listed(spec.allow_ips);
    this.#ways = [tokenWay(spec, deps), basicWay(spec, deps), forwardWay(spec, deps)].filter((way) => way !== null);
    this.#hide = [
      ...(spec.forward?.copy_headers ?? []).map(fold),
      ...(spec.tokens !== null && spec.hide_credentials ? ["x-tidegate-token"] : []),
    ];
    this.#challenges = this.#ways.map(({ challenge }) => (challenge === null ? "" : `WWW-Authenticate: ${challenge}\r\n`)).join("");
  }

  decide(asked: Asked): Decision | Promise<Decision> {
    if (this.#isExcluded(asked.path)) return this.#let(null, null, []);
    const { address } = asked.client;
    if (this.#denied.contains(address) || this.#allowed?.contains(address) === false) return deny("address_denied");
    return this.#ways.length === 0 ? this.#judge(null, null, []) : this.#ask(asked, 0, null);
  }

  // Private

  #ask(asked: Asked, first: number, before: Denied | null): Decision | Promise<Decision> {
    let denied = before;
    for (let at = first; at < this.#ways.length; at += 1) {
      const shown = this.#ways[at]?.ask(asked) ?? null;
      if (shown instanceof Promise) return this.#later(shown, asked, at + 1, denied);
      if (shown?.ok === true) return this.#judge(shown.identity, shown.hide, shown.extra);
      denied = shown ?? denied;
    }
    return denied ?? deny("unauthenticated", this.#challenges);
  }

  async #later(waiting: Promise<Shown>, asked: Asked, next: number, before: Denied | null): Promise<Decision> {
    const shown = await waiting;
    if (shown?.ok === true) return this.#judge(shown.identity, shown.hide, shown.extra);
    return this.#ask(asked, next, shown ?? before);
  }

  /** Every list that is given must have who it is; nobody is in no list. */
  #judge(identity: Identity | null, hide: string | null, extra: Allowed["extra"]): Decision {
    const { required_users: users, required_emails: emails, required_groups: groups } = this.#spec;
    const fits =
      (users.length === 0 || (identity !== null && (users.includes(identity.id) || users.includes(identity.name)))) &&
      (emails.length === 0 || (identity !== null && identity.email !== null && emails.includes(identity.email))) &&
      (groups.length === 0 || (identity !== null && identity.groups.some((group) => groups.includes(group))));
    return fits ? this.#let(identity, hide, extra) : deny("not_allowed");
  }

  #let(identity: Identity | null, hide: string | null, extra: Allowed["extra"]): Allowed {
    const hidden = hide !== null && this.#spec.hide_credentials ? [...this.#hide, hide] : this.#hide;
    return { ok: true, identity, hide: hidden, extra };
  }
}

// Private

/** A single address without its length would otherwise be every address. */
function listed(addresses: readonly string[]): Networks {
  return networks(addresses.flatMap((one) => cidr(one) ?? []));
}
