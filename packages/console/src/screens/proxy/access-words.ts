/** Who may pass, in words. Pure. */
import type { ProxyAccessAnswer } from "tidegate/contract";
import { plural } from "../../format.ts";

/** `everybody`, `2 networks`, `tokens or passwords`: for a table. */
export function accessShort(access: ProxyAccessAnswer | null): string {
  if (access === null) return "everybody";
  const ways = waysOf(access).map(({ short }) => short);
  const lists = access.allow_ips.length + access.deny_ips.length;
  return (
    [...(ways.length === 0 ? [] : [ways.join(" or ")]), ...(lists === 0 ? [] : [plural(lists, "network rule")])].join(", ") || "everybody"
  );
}

/** As a sentence. */
export function accessWords(access: ProxyAccessAnswer | null): string {
  if (access === null) return "Everybody may pass.";
  const ways = waysOf(access).map(({ words }) => words);
  const from = access.allow_ips.length === 0 ? "" : ` from ${access.allow_ips.join(", ")}`;
  const not = access.deny_ips.length === 0 ? "" : `, never from ${access.deny_ips.join(", ")}`;
  const who = ways.length === 0 ? "Everybody" : `Whoever has ${ways.join(" or ")}`;
  return `${who} may pass${from}${not}${demands(access)}${excluded(access)}.`;
}

// Private

function waysOf({ tokens, basic, forward }: ProxyAccessAnswer): { short: string; words: string }[] {
  return [
    ...(tokens === null ? [] : [{ short: "tokens", words: tokenWords(tokens) }]),
    ...(basic === null ? [] : [{ short: "passwords", words: `a password (${Object.keys(basic.users).join(", ")})` }]),
    ...(forward === null ? [] : [{ short: "forward-auth", words: `the consent of ${forward.url}` }]),
  ];
}

function tokenWords({ names, scopes }: NonNullable<ProxyAccessAnswer["tokens"]>): string {
  const which = names === null ? "an API token" : `the token ${names.join(" or ")}`;
  return scopes.length === 0 ? which : `${which} with ${scopes.join(" ")}`;
}

function demands({ required_users: users, required_emails: emails, required_groups: groups }: ProxyAccessAnswer): string {
  const named = [...users, ...emails, ...groups.map((group) => `the group ${group}`)];
  return named.length === 0 ? "" : `, if it is ${named.join(", ")}`;
}

function excluded({ excluded_paths: paths }: ProxyAccessAnswer): string {
  return paths.length === 0 ? "" : `; ${paths.join(", ")} need nothing`;
}
