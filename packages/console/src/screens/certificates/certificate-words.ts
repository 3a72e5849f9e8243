/** Certificates in words: their state, what of their life is left, what comes next. Pure. */
import type { CertificateExplanationAnswer, CertificateRow, CertificateStage, RenewalWhy } from "tidegate/contract";
import { dateTime, dueIn, duration } from "../../format.ts";
import type { Tone } from "../../parts/marks.tsx";

export const tones: Readonly<Record<CertificateRow["status"], Tone>> = {
  pending: "accent",
  issuing: "accent",
  active: "good",
  renewing: "accent",
  renewal_failed: "warn",
  failed: "bad",
  expired: "bad",
};

export const stages: readonly { readonly stage: CertificateStage; readonly words: string }[] = [
  { stage: "preflight", words: "look" },
  { stage: "account", words: "sign in" },
  { stage: "order", words: "order" },
  { stage: "challenge", words: "put up the challenge" },
  { stage: "validation", words: "validation" },
  { stage: "finalize", words: "sign" },
  { stage: "download", words: "fetch" },
  { stage: "store", words: "store" },
];

const whys: Readonly<Record<RenewalWhy, string>> = {
  missing: "there is none yet",
  names: "other domains are wanted than it has",
  asked: "somebody asked for it",
  ari: "the CA named this time",
  share: "its usual share of life is over then",
  emergency: "almost nothing of its life is left then",
};

export function isUnderWay({ status, request, next_attempt_at: next, attempts }: CertificateRow, now: number): boolean {
  if (status === "pending" || status === "issuing" || status === "renewing") return true;
  return request !== null && attempts === 0 && next !== null && next <= now;
}

/** 0 to 1; null: there is none. */
export function shareLeft(
  { issued_at: from, expires_at: end }: Pick<CertificateRow, "issued_at" | "expires_at">,
  now: number,
): number | null {
  if (from === null || end === null) return null;
  return Math.min(1, Math.max(0, (end - now) / Math.max(1, end - from)));
}

/** `renewal in 30d 2h`, `attempt in 54 s`, `nobody renews it` */
export function nextOf({ status, request, attempts, next_attempt_at: next }: CertificateRow, now: number): string {
  if (request === null) return "nobody renews it";
  if (status === "issuing" || status === "renewing") return "under way";
  if (next === null) return "";
  return `${attempts > 0 ? "attempt" : status === "pending" ? "order" : "renewal"} ${dueIn(next, now)}`;
}

export function authorityOf({ issuer }: Pick<CertificateRow, "issuer">): string {
  return issuer === null ? "" : (/CN=([^,\n]+)/.exec(issuer)?.[1] ?? issuer);
}

export function moment(at: number, now: number): string {
  const when = dateTime(at).slice(0, -7);
  return at > now ? `${when}, in ${duration(at - now)}` : `${when}, ${duration(now - at)} ago`;
}

const servers = { production: "", staging: ", its staging server", probe: ", its staging server first: a failure costs nothing there" };

/** What it rests upon, a line each. */
export function groundsOf(answer: CertificateExplanationAnswer, now: number): { readonly about: string; readonly text: string }[] {
  const { window, chosen, next_attempt_at: next, next_ask: ask, attempts } = answer;
  const named = window?.why === "ari" ? "Named by the CA" : "By its lifetime; the CA named none";
  return [
    ...(window === null ? [] : [{ about: "Window", text: `${named}: ${moment(window.start, now)}, to ${moment(window.end, now)}.` }]),
    ...(chosen === null ? [] : [{ about: "Due", text: `${moment(chosen.at, now)}: ${whys[chosen.why]}.` }]),
    ...(next === null
      ? []
      : [
          { about: "Next attempt", text: `${moment(Math.max(next, now), now)}${attempts === 0 ? "" : `, after ${attempts} that failed`}.` },
        ]),
    ...(ask === null ? [] : [{ about: "Asks", text: `${ask.directory}${servers[ask.server]} (${ask.challenge}).` }]),
  ];
}
