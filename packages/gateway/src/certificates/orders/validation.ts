/** Shows the CA that the names of an order are ours: for each the challenge that fits, all presented before the first is answered. */
import { GatewayError } from "../../errors.ts";
import type { AcmeClient } from "../acme/client.ts";
import type { AcmeAuthorization, AcmeOrder } from "../acme/resources.ts";
import type { Proof, Solver } from "../challenges/solver.ts";
import type { CertificateRequest, ChallengeType } from "../request-spec.ts";

/** One order's way through validation. */
export interface Way {
  readonly client: AcmeClient;
  readonly order: AcmeOrder;
  readonly wanted: CertificateRequest["challenge"];
  /** Failed attempts before: `auto` changes over. */
  readonly attempt: number;
  /** Unix ms. */
  readonly deadline: number;
}

interface Presented {
  readonly authorizationUrl: string;
  readonly challengeUrl: string;
  readonly solver: Solver;
  readonly proof: Proof;
}

/** Names at the same time. */
const AT_ONCE = 10;

export class Validation {
  readonly #solvers: ReadonlyMap<ChallengeType, Solver>;
  readonly #presented = new WeakMap<Way, Presented[]>();

  constructor(solvers: readonly Solver[]) {
    this.#solvers = new Map(solvers.map((solver) => [solver.type, solver]));
  }

  /** CHALLENGE_FAILED: no challenge can be met, or one cannot be shown. */
  async present(way: Way, signal: AbortSignal): Promise<void> {
    const presented: Presented[] = [];
    this.#presented.set(way, presented);
    await each(way.order.authorizations, async (url) => {
      const authorization = await way.client.authorization(url, signal);
      if (authorization.status === "valid") return;
      const one = this.#choose(way, authorization);
      presented.push(one);
      await one.solver.present(one.proof, signal);
    });
  }

  /** Rejects with the CA's reason for the first name that failed. */
  async validate(way: Way, signal: AbortSignal): Promise<void> {
    await each(this.#presented.get(way) ?? [], async ({ authorizationUrl, challengeUrl }) => {
      await way.client.answer(challengeUrl, signal);
      await way.client.settled("authorization", authorizationUrl, { until: ["valid"], deadline: way.deadline }, signal);
    });
  }

  async clean(way: Way): Promise<void> {
    await Promise.all((this.#presented.get(way) ?? []).map(async ({ solver, proof }) => await solver.clean(proof)));
  }

  // Private

  #choose(way: Way, { url, domain, wildcard, challenges }: AcmeAuthorization): Presented {
    const wishes = wishesOf(way, wildcard);
    for (const type of wishes) {
      const offered = challenges.find((challenge) => challenge.type === type);
      const solver = this.#solvers.get(type);
      if (offered === undefined || solver === undefined) continue;
      const proof = { domain, token: offered.token, keyAuthorization: way.client.keyAuthorization(offered.token) };
      return { authorizationUrl: url, challengeUrl: offered.url, solver, proof };
    }
    throw noWay(domain, wildcard, wishes);
  }
}

// Private

function wishesOf({ wanted, attempt }: Way, wildcard: boolean): ChallengeType[] {
  if (wildcard) return ["dns-01"];
  if (wanted !== "auto") return [wanted];
  return attempt % 2 === 0 ? ["http-01", "tls-alpn-01", "dns-01"] : ["tls-alpn-01", "http-01", "dns-01"];
}

function noWay(domain: string, wildcard: boolean, wishes: readonly ChallengeType[]): GatewayError {
  const hint = wildcard
    ? "A wildcard needs dns-01: set ACME_DNS_EXEC, ACME_DNS_WEBHOOK or ACME_DNS_RFC2136."
    : "Choose another challenge for the certificate.";
  return new GatewayError("CHALLENGE_FAILED", `${domain} cannot be validated by ${wishes.join(" or ")} here.`, { hint });
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
