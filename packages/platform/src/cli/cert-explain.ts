/** Why a certificate is as it is, on one screen: the sentence first, then what it rests upon. */
import type { CertificateExplanationAnswer, RenewalWhy } from "../contract.ts";
import { moment, problemLines } from "./cert-lines.ts";
import { facts, line, paint, printable } from "./output.ts";

export function explanationPage(answer: CertificateExplanationAnswer): void {
  line(`${markOf(answer)} ${paint("bold", printable(answer.summary))}`);
  facts([...lifeFacts(answer), ...planFacts(answer), ...budgetFacts(answer), ...traceFacts(answer)]);
  if (answer.last_problem !== null) problemLines(answer.last_problem);
}

// Private

type Fact = readonly [string, string];

const WHY: Readonly<Record<RenewalWhy, string>> = {
  missing: "there is none yet",
  names: "other domains are wanted than it has",
  asked: "somebody asked for it",
  ari: "the CA named this time",
  share: "its usual share of life is over then",
  emergency: "almost nothing of its life is left then",
};

const SERVERS = { production: "", staging: ", its staging server", probe: ", its staging server first: a failure costs nothing there" };

function markOf({ state }: CertificateExplanationAnswer): string {
  if (state === "failing" || state === "expired") return paint("red", "✗");
  return state === "valid" || state === "uploaded" ? paint("green", "✓") : paint("yellow", "…");
}

function lifeFacts({ cert_name: name, state, expires_at: end, share_left: left }: CertificateExplanationAnswer): Fact[] {
  const share = left === null ? "" : `; ${Math.round(left * 100)} % of its life left`;
  return [["certificate", name], ["state", state], ...(end === null ? [] : [["ends", `${moment(end)}${share}`] as const])];
}

function planFacts({ window, chosen, next_attempt_at: next, next_ask: ask, attempts }: CertificateExplanationAnswer): Fact[] {
  return [
    ...(window === null ? [] : [["window", `${moment(window.start)} – ${moment(window.end)}, ${ofWindow(window.why)}`] as const]),
    ...(chosen === null ? [] : [["due", `${moment(chosen.at)}: ${WHY[chosen.why]}`] as const]),
    ...(attempts === 0 ? [] : [["failed attempts", `${attempts} in a row`] as const]),
    ...(next === null ? [] : [["next attempt", moment(Math.max(next, Date.now()))] as const]),
    ...(ask === null ? [] : [["asks", `${ask.directory}${SERVERS[ask.server]} (${ask.challenge})`] as const]),
  ];
}

function ofWindow(why: RenewalWhy): string {
  return why === "ari" ? "named by the CA" : "by its lifetime; the CA named none";
}

function budgetFacts({ budget }: CertificateExplanationAnswer): Fact[] {
  return budget.map(({ what, used, limit, again_at: again }, at) => [
    at === 0 ? "limits of the CA" : "",
    `${used} of ${limit} ${what}${again === null ? "" : `; room again ${moment(again)}`}`,
  ]);
}

function traceFacts({ trace_id: trace }: CertificateExplanationAnswer): Fact[] {
  return trace === null ? [] : [["last attempt", `tidegate trace show ${trace}`]];
}
