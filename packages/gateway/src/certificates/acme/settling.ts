/** Asking a CA until an order or authorization is decided (RFC 8555 §7.5.1): as often as it says, else every second and then every five. */
import { GatewayError } from "../../errors.ts";
import type { Clock } from "../clock.ts";
import { AcmeProblem } from "./problem.ts";
import type { AcmeAuthorization, AcmeOrder } from "./resources.ts";
import { retryAfter } from "./signed-requests.ts";
import type { Answer } from "./transport.ts";

export interface SettlingDeps {
  readonly clock: Clock;
  readonly ask: () => Promise<Answer>;
}

interface Watch {
  readonly until: readonly string[];
  /** Unix ms. */
  readonly deadline: number;
}

const FIRST_MS = 1_000;
const MOST_MS = 5_000;
const GROWTH = 1.5;
/** Statuses that never change again. */
const ENDED: readonly string[] = ["valid", "invalid", "deactivated", "expired", "revoked"];

export class Settling {
  readonly #clock: Clock;
  readonly #ask: () => Promise<Answer>;

  constructor({ clock, ask }: SettlingDeps) {
    this.#clock = clock;
    this.#ask = ask;
  }

  async of<T extends AcmeOrder | AcmeAuthorization>(
    read: (answer: Answer, url: string) => T,
    url: string,
    { until, deadline }: Watch,
    signal: AbortSignal,
  ): Promise<T> {
    for (let usual = FIRST_MS; ; usual = Math.min(usual * GROWTH, MOST_MS)) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await this.#ask();
      const seen = read(answer, url);
      if (until.includes(seen.status)) return seen;
      if (ENDED.includes(seen.status)) throw ended(seen, answer.status);
      // oxlint-disable-next-line no-await-in-loop
      await this.#pause(answer, usual, { seen, deadline }, signal);
    }
  }

  // Private

  /** Never sooner than the CA says: where that is past the deadline, waiting on would be for nothing. */
  async #pause(
    answer: Answer,
    usual: number,
    { seen, deadline }: { readonly seen: AcmeOrder | AcmeAuthorization; readonly deadline: number },
    signal: AbortSignal,
  ): Promise<void> {
    const now = this.#clock.now();
    const said = retryAfter(answer, now);
    const next = said === null ? Math.min(now + usual, deadline) : Math.max(said, now + FIRST_MS);
    if (now >= deadline || next > deadline) throw late(seen);
    // Ends early when aborted; the next question then rejects.
    await this.#clock.sleep(next - now, signal);
  }
}

// Private

function ended(seen: AcmeOrder | AcmeAuthorization, answerStatus: number): AcmeProblem {
  const told = "challenges" in seen ? seen.challenges.map(({ error }) => error).find((error) => error !== null) : seen.error;
  if (told !== null && told !== undefined) return told;
  const detail = `${named(seen)} became ${seen.status}; the CA does not say why.`;
  return new AcmeProblem({ type: "about:blank", detail, subproblems: [], answerStatus, notBefore: null, url: seen.url });
}

function late(seen: AcmeOrder | AcmeAuthorization): GatewayError {
  return new GatewayError("ACME_UNREACHABLE", `${named(seen)} is still ${seen.status} at the CA (${seen.url}) when its time is over.`, {
    hint: "The CA is slow or in trouble: see its status page. The order goes on where it is at the next attempt.",
  });
}

function named(seen: AcmeOrder | AcmeAuthorization): string {
  return "challenges" in seen ? `The authorization of ${seen.domain}` : `The order of ${seen.identifiers.join(", ")}`;
}
