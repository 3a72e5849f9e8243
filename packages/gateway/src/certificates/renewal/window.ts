/** Asks the CA when it wants a certificate renewed (RFC 9773). The moment is drawn from its window once, and stays as long as the window does. */
import type { Entity } from "../../store/entity.ts";
import type { Accounts } from "../accounts.ts";
import { certId } from "../acme/ari.ts";
import type { Progress } from "../orders/progress.ts";
import type { CertificateData } from "../spec.ts";

export interface WindowQuestion {
  readonly certificate: Entity<CertificateData>;
  readonly progress: Progress;
  readonly accounts: Accounts;
  /** Unix ms. */
  readonly now: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface AskedWindow {
  readonly progress: Progress;
  /** Another window than before: a CA moves one when something is wrong with what it issued. */
  readonly moved: boolean;
}

/** Never rejects: a CA that does not answer is asked again later. */
export async function askForWindow({ certificate, progress, accounts, now, random, signal }: WindowQuestion): Promise<AskedWindow> {
  const { chain, fingerprint, acme } = certificate.data;
  const id = certId(chain);
  const before = progress.ari?.fingerprint === fingerprint ? progress.ari : null;
  if (acme === undefined || id === null) return { progress: { ...progress, ari: null, ari_again_at: now + DAY }, moved: false };
  const window = await accounts
    .reader(acme.ca)
    .renewalInfo(id, signal)
    .catch(() => undefined);
  if (window === undefined) return { progress: { ...progress, ari: before, ari_again_at: now + HOUR }, moved: false };
  if (window === null) return { progress: { ...progress, ari: null, ari_again_at: now + DAY }, moved: false };
  const { start, end, explanationUrl: explanation_url, againAt: again_at } = window;
  const same = before?.start === start && before.end === end;
  const chosen = same ? before.chosen : Math.round(start + random() * (end - start));
  const ari = { fingerprint, start, end, chosen, explanation_url, fetched_at: now, again_at };
  return { progress: { ...progress, ari, ari_again_at: again_at }, moved: before !== null && !same };
}

// Private

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
