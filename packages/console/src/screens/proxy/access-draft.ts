/** Who may pass as its form holds it, and the request it becomes. Pure. A stored password is never seen: `***` goes back and stands for it. */
import type { ProxyAccessAnswer } from "tidegate/contract";
import type { Made } from "./host-draft.ts";
import { linesOf, listOf } from "./lines.ts";

export interface UserDraft {
  name: string;
  password: string;
  groups: string;
  email: string | null;
  /** Has a password already. */
  stored: boolean;
}

export interface AccessDraft {
  allow: string;
  deny: string;
  tokens: "off" | "any" | "named";
  tokenNames: string;
  tokenScopes: string;
  users: readonly UserDraft[];
  realm: string;
  forward: boolean;
  forwardUrl: string;
  forwardMode: "forward" | "redirect";
  loginUrl: string;
  copyHeaders: string;
  onFailure: "closed" | "open";
  /** Milliseconds, and names with `***`: as they are. */
  forwardRest: Pick<NonNullable<ProxyAccessAnswer["forward"]>, "timeout" | "headers" | "cache"> | null;
  required: string;
  requiredEmails: string;
  requiredGroups: string;
  excluded: string;
  passHeaders: boolean;
  hideCredentials: boolean;
}

export const blankUser: UserDraft = { name: "", password: "", groups: "", email: null, stored: false };

export function accessDraft(access: ProxyAccessAnswer | null): AccessDraft {
  const { tokens = null, basic = null, forward = null } = access ?? {};
  return {
    allow: linesOf(access?.allow_ips ?? []),
    deny: linesOf(access?.deny_ips ?? []),
    tokens: tokens === null ? "off" : tokens.names === null ? "any" : "named",
    tokenNames: linesOf(tokens?.names ?? []),
    tokenScopes: (tokens?.scopes ?? []).join(", "),
    users: Object.entries(basic?.users ?? {}).map(([name, { email, groups }]) => ({
      name,
      password: "",
      groups: groups.join(", "),
      email,
      stored: true,
    })),
    realm: basic?.realm ?? "Restricted",
    forward: forward !== null,
    forwardUrl: forward?.url ?? "",
    forwardMode: forward?.mode ?? "forward",
    loginUrl: forward?.login_url ?? "",
    copyHeaders: (forward?.copy_headers ?? []).join(", "),
    onFailure: forward?.on_failure ?? "closed",
    forwardRest: forward === null ? null : { timeout: forward.timeout, headers: forward.headers, cache: forward.cache },
    required: linesOf(access?.required_users ?? []),
    requiredEmails: linesOf(access?.required_emails ?? []),
    requiredGroups: linesOf(access?.required_groups ?? []),
    excluded: linesOf(access?.excluded_paths ?? []),
    passHeaders: access?.pass_headers ?? true,
    hideCredentials: access?.hide_credentials ?? true,
  };
}

/** All of it, or the first thing that is wrong. */
export function accessRequest(draft: AccessDraft): Made {
  const fault = faultOf(draft);
  if (fault !== null) return { fault };
  return {
    request: {
      allow_ips: listOf(draft.allow),
      deny_ips: listOf(draft.deny),
      tokens: tokensOf(draft),
      basic: draft.users.length === 0 ? null : { realm: draft.realm.trim() || "Restricted", users: usersOf(draft.users) },
      forward: draft.forward ? forwardOf(draft) : null,
      required_users: listOf(draft.required),
      required_emails: listOf(draft.requiredEmails),
      required_groups: listOf(draft.requiredGroups),
      excluded_paths: listOf(draft.excluded),
      pass_headers: draft.passHeaders,
      hide_credentials: draft.hideCredentials,
    },
  };
}

// Private

const STORED = "***";

function faultOf(draft: AccessDraft): string | null {
  if (draft.tokens === "named" && listOf(draft.tokenNames).length === 0) return "Name the tokens that may pass.";
  for (const { name, password, stored } of draft.users) {
    if (name.trim() === "") return "Each user has a name.";
    if (password === "" && !stored) return `Give ${name.trim()} a password.`;
  }
  if (draft.forward && draft.forwardUrl.trim() === "") return "Give the URL that is asked whether somebody may pass.";
  if (draft.forward && draft.forwardMode === "redirect" && draft.loginUrl.trim() === "") return "Say where people are sent to sign in.";
  const demands = [draft.required, draft.requiredEmails, draft.requiredGroups].some((text) => listOf(text).length > 0);
  if (demands && draft.tokens === "off" && draft.users.length === 0 && !draft.forward)
    return "Users, e-mails or groups can only be required of somebody who is known: by a token, a password, or forward-auth.";
  return null;
}

function tokensOf({ tokens, tokenNames, tokenScopes }: AccessDraft): object | null {
  if (tokens === "off") return null;
  return { names: tokens === "any" ? null : listOf(tokenNames), scopes: listOf(tokenScopes) };
}

function usersOf(users: readonly UserDraft[]): Record<string, object> {
  return Object.fromEntries(
    users.map(({ name, password, groups, email, stored }) => [
      name.trim(),
      { password: stored && password === "" ? STORED : password, email, groups: listOf(groups) },
    ]),
  );
}

function forwardOf({ forwardUrl: url, forwardMode: mode, loginUrl, copyHeaders, onFailure, forwardRest }: AccessDraft): object {
  const login = mode === "redirect" ? loginUrl.trim() : null;
  return { url: url.trim(), mode, login_url: login, copy_headers: listOf(copyHeaders), on_failure: onFailure, ...forwardRest };
}
