/** Tokens in rows and words. */
import type { TokenAnswer } from "../contract.ts";
import { ago, facts, line, paint, printable, type Column } from "./output.ts";

export const TOKEN_COLUMNS: readonly Column<TokenAnswer>[] = [
  { title: "TOKEN", value: ({ name }) => name },
  { title: "STATE", value: ({ state }) => state },
  { title: "SCOPES", value: ({ scopes }) => scopes.join(" ") },
  { title: "OWNS", value: ({ owns }) => owned(owns) },
  { title: "USED", value: ({ last_used_at: at }) => (at === null ? "-" : ago(at)) },
  { title: "ENDS", value: ({ expires_at: at }) => (at === null ? "never" : ago(at)) },
  { title: "EMAIL", value: ({ email }) => email ?? "-" },
];

export function page(token: TokenAnswer): void {
  line(`${paint(token.state === "active" ? "green" : "red", "●")} ${paint("bold", printable(token.name))} – ${token.state}`);
  facts([
    ["scopes", token.scopes.join(" ")],
    ["e-mail", token.email ?? "-"],
    ["owns", owned(token.owns)],
    ...(token.hint === "" ? [] : [["begins with", `${token.hint}…`] as const]),
    ...(token.created_at === 0 ? [] : [["created", `${moment(token.created_at)} by ${token.created_by}`] as const]),
    ["ends", token.expires_at === null ? "never" : moment(token.expires_at)],
    ["last used", token.last_used_at === null ? "-" : moment(token.last_used_at)],
    ...(token.rotated_at === null ? [] : [["rotated", moment(token.rotated_at)] as const]),
  ]);
}

/** The one time it is shown. */
export function secretOf(name: string, secret: string): void {
  line(`\n  ${paint("bold", secret)}\n`);
  line("It is shown only now. To use it here:");
  line(`  export TIDEGATE_TOKEN=${secret}`);
  line(`Lost it? tidegate token rotate ${name}`);
}

export function done(words: string): void {
  line(`${paint("green", "✓")} ${printable(words)}`);
}

// Private

function owned(owns: TokenAnswer["owns"]): string {
  return (
    Object.entries(owns)
      .map(([resource, count]) => `${count} ${resource}`)
      .join(", ") || "-"
  );
}

function moment(at: number): string {
  return `${new Date(at).toISOString()} (${ago(at)})`;
}
