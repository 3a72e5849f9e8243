/** Asks the rules of a target and its route one after the other; all of them must let in. Rules are compiled once for each version of them. */
import type { AccessSpec } from "../../../routes/spec.ts";
import type { EdgeRequest } from "../exchange.ts";
import type { Client } from "../plan.ts";
import { both, NOBODY, type Allowed, type Decision } from "./decision.ts";
import { ForwardAuthClient } from "./forward-auth.ts";
import { Passwords } from "./passwords.ts";
import { AccessRule } from "./rule.ts";
import type { Asked, RuleDeps } from "./way.ts";

/** `now`: Unix ms. */
export type AccessDeps = Pick<RuleDeps, "tokens" | "unseal"> & Partial<Pick<RuleDeps, "now">>;

export class Access {
  readonly #deps: RuleDeps;
  readonly #rules = new WeakMap<AccessSpec, AccessRule>();

  constructor({ tokens, unseal, now = Date.now }: AccessDeps) {
    this.#deps = { tokens, unseal, now, passwords: new Passwords(), forwarding: new ForwardAuthClient() };
  }

  /** `path`: normalised, without query. */
  decide(specs: readonly AccessSpec[], request: EdgeRequest, client: Client, path: string): Decision | Promise<Decision> {
    return this.#from(specs, 0, NOBODY, { request, client, path });
  }

  /** Ends what is under way. */
  close(): void {
    this.#deps.forwarding.close();
  }

  // Private

  #from(specs: readonly AccessSpec[], first: number, before: Allowed, asked: Asked): Decision | Promise<Decision> {
    let allowed = before;
    for (let at = first; at < specs.length; at += 1) {
      const decision = this.#rule(specs[at] as AccessSpec).decide(asked);
      if (decision instanceof Promise) return this.#later(decision, specs, at + 1, allowed, asked);
      if (!decision.ok) return decision;
      allowed = both(allowed, decision);
    }
    return allowed;
  }

  async #later(decision: Promise<Decision>, specs: readonly AccessSpec[], next: number, before: Allowed, asked: Asked): Promise<Decision> {
    const made = await decision;
    return made.ok ? this.#from(specs, next, both(before, made), asked) : made;
  }

  #rule(spec: AccessSpec): AccessRule {
    const known = this.#rules.get(spec);
    if (known !== undefined) return known;
    const rule = new AccessRule(spec, this.#deps);
    this.#rules.set(spec, rule);
    return rule;
  }
}
