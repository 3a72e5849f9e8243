/**
 * `durability: { replicas, timeout }`: a batch and a WAIT behind it on the same connection, which nobody else uses: WAIT blocks its
 * connection, and counts the replicas that have received everything this connection wrote before.
 * https://redis.io/docs/latest/commands/wait/
 */
import type { Clock } from "../clock.ts";
import { asError, NotReplicated } from "../errors.ts";
import { LONGEST_WAIT, type Receipt, type Replicated, type Wanted } from "../publishing.ts";
import type { Link } from "../redis/link.ts";
import type { Reply } from "../store.ts";
import { RedisFault, type Reaction } from "../redis/replies.ts";

/** Milliseconds in which the server answers everything else. */
const GRACE = 5_000;
/** What the connection for WAIT may stay silent. */
export const WAIT_DEADLINE: number = LONGEST_WAIT + GRACE;

export function sameDurability(one: Wanted, other: Wanted): boolean {
  if (one === "stored" || other === "stored") return one === other;
  return one.replicas === other.replicas && one.timeout === other.timeout;
}

/** Milliseconds a publish may take: what the replicas may take comes on top. */
export function timeFor(wanted: Wanted, publishTimeout: number): number {
  return wanted === "stored" ? publishTimeout : publishTimeout + wanted.timeout;
}

/**
 * Runs `write` with a WAIT right behind its every command: sent in one go, the two cannot end up on different connections.
 * A connection that is silent for longer than WAIT may take is thrown away.
 */
export async function waitForReplicas(
  link: Link,
  clock: Clock,
  wanted: Replicated,
  write: (link: Pick<Link, "call">) => Promise<Reply>,
): Promise<{ answer: Reply; confirmed: number | Error }> {
  let confirmed: Promise<number | Error> = Promise.resolve(0);
  const call: Link["call"] = (args) => {
    const reply = link.call(args);
    confirmed = link.call(["WAIT", String(wanted.replicas), String(wanted.timeout)]).then(Number, asError);
    return reply;
  };
  const cancel = clock.after(wanted.timeout + GRACE, () => link.reset());
  try {
    return { answer: await write({ call }), confirmed: await confirmed };
  } finally {
    cancel();
  }
}

/** The receipts as `replicated`; throws `Unreplicated` when too few replicas have confirmed. */
export function replicatedReceipts(receipts: readonly Receipt[], wanted: Replicated, confirmed: number | Error): Receipt[] {
  if (typeof confirmed !== "number" || confirmed < wanted.replicas) throw new Unreplicated(receipts, wanted, confirmed);
  return receipts.map((receipt) => ({ ...receipt, status: "replicated", replicas: confirmed }));
}

/** Stored, as the receipts say, but not on enough replicas, or WAIT itself failed. */
export class Unreplicated extends Error {
  /** Whether asking again helps: a WAIT that was answered is the last word. */
  readonly reaction: Reaction;
  readonly #receipts: readonly Receipt[];
  readonly #wanted: Replicated;
  readonly #confirmed: number;

  constructor(receipts: readonly Receipt[], wanted: Replicated, confirmed: number | Error) {
    super("unreplicated", typeof confirmed === "number" ? undefined : { cause: confirmed });
    this.reaction = confirmed instanceof RedisFault ? confirmed.reaction : "reject";
    this.#receipts = receipts;
    this.#wanted = wanted;
    this.#confirmed = typeof confirmed === "number" ? confirmed : 0;
  }

  errorOf(index: number): NotReplicated<Receipt> {
    const { replicas, timeout } = this.#wanted;
    const error = new NotReplicated(this.#receipts[index] as Receipt, replicas, this.#confirmed, timeout);
    if (this.cause !== undefined) error.cause = this.cause;
    return error;
  }
}
