/**
 * Sends the batches of one topic until each is answered or `publishTimeout` is over, and says what became of its messages.
 * The server remembers the last answers of each producer, so a batch whose answer was lost is sent again under the same number,
 * here and then by the caller through `PublishUnknown.retry()`. While one is sent again, those behind it wait for it.
 */
import { pause, type Clock } from "../clock.ts";
import { asError, PublishUnknown } from "../errors.ts";
import { backoff, type Link, type Reply } from "../redis/link.ts";
import type { RedisFault } from "../redis/replies.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Receipt } from "../publishing.ts";
import type { Batch } from "./batch.ts";
import { replicatedReceipts, Unreplicated, waitForReplicas } from "./durability.ts";

export interface SenderDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly clock: Clock;
  readonly publishTimeout: number;
}

/** Seconds the server remembers an answer. */
const ANSWERS_KEPT_FOR = 600;
/** Places for answers, as in `publish.lua`; the batch number modulo this is the place. */
const SLOTS = 64;
/** More answers that somebody may still ask for are not held: the other places must go round. */
const MAX_DOUBTS = 32;

export class Sender {
  readonly #deps: SenderDeps;
  /** Four lanes and the producer's key, in the order of `publish.lua`. */
  readonly #keys: readonly string[];
  /** Place → batch whose answer was lost and may still be asked for. */
  readonly #doubts = new Map<number, Batch>();
  #number = 0;
  /** Batches that are sent again or wait for such a one. */
  #held = 0;

  constructor(deps: SenderDeps, keys: readonly string[]) {
    this.#deps = deps;
    this.#keys = keys;
  }

  /** Numbers rise; one whose answer would overwrite an answer in doubt is left out. */
  nextNumber(): number {
    let doubt: Batch | undefined;
    do {
      doubt = this.#doubts.get(++this.#number % SLOTS);
    } while (doubt !== undefined && !this.#isForgotten(doubt));
    return this.#number;
  }

  /** Settles every message of the batch; never rejects. `before` is the batch in front of it. */
  async send(batch: Batch, before: Promise<void>): Promise<void> {
    try {
      const receipts = await this.#deliver(batch, batch.since, null, before);
      batch.items.forEach(({ resolve }, index) => resolve(receipts[index] as Receipt));
    } catch (error) {
      if (error instanceof Unanswered) this.#remember(batch);
      const again = this.#again(batch);
      batch.items.forEach(({ reject }, index) => reject(refusal(batch, index, asError(error), again)));
    }
  }

  /** Tries again for as long as the server may be able to soon. */
  async patiently<R>(since: number, act: () => Promise<R>, onFault?: (fault: RedisFault | Unreplicated) => void): Promise<R> {
    const { link, clock, publishTimeout } = this.#deps;
    const left = (): number => publishTimeout - (clock.now() - since);
    for (let failures = 0; ; failures++) {
      try {
        await link.whenUp(left());
        return await act();
      } catch (error) {
        const fault = error as RedisFault | Unreplicated;
        onFault?.(fault);
        if (left() <= 0 || (fault.reaction !== "reconnect" && fault.reaction !== "again")) throw error;
        await pause(clock, Math.min(backoff(failures), Math.max(1, left())));
      }
    }
  }

  // Private

  /** Throws `Unanswered` when an answer was lost on the way, `Unreplicated` when it is stored but not everywhere, else the fault. */
  async #deliver(batch: Batch, since: number, doubt: Unanswered | null, before: Promise<void>): Promise<readonly Receipt[]> {
    const args = batch.arguments(ANSWERS_KEPT_FOR);
    let known: Unanswered | Unreplicated | null = doubt;
    let troubled = false;
    const onFault = (fault: RedisFault | Unreplicated): void => {
      if (!troubled) this.#held++;
      troubled = true;
      if (fault instanceof Unreplicated) known = fault;
      else if (fault.sent && fault.reaction === "reconnect" && !(known instanceof Unreplicated)) known = new Unanswered(fault);
    };
    const attempt = async (): Promise<readonly Receipt[]> => {
      if (this.#held > 0) await this.#inTurn(before);
      return await this.#attempt(batch, args);
    };
    try {
      return await this.patiently(since, attempt, onFault);
    } catch (error) {
      throw error instanceof Unreplicated ? error : (known ?? error);
    } finally {
      if (troubled) this.#held--;
    }
  }

  async #inTurn(before: Promise<void>): Promise<void> {
    this.#held++;
    await before;
    this.#held--;
  }

  async #attempt(batch: Batch, args: readonly string[]): Promise<readonly Receipt[]> {
    const { link, scripts, clock } = this.#deps;
    const run = (on: Pick<Link, "call">): Promise<Reply> => scripts.run(on, "publish", this.#keys, args);
    if (batch.durability === "stored") return batch.receipts(String(await run(link)), this.#keys);
    const { answer, confirmed } = await waitForReplicas(link, clock, batch.durability, run);
    return replicatedReceipts(batch.receipts(String(answer), this.#keys), batch.durability, confirmed);
  }

  /** All messages of a batch ask together, under its old number. Until there is an answer the doubt remains. */
  #again(batch: Batch): (doubt: Unanswered) => Promise<readonly Receipt[]> {
    let asking: Promise<readonly Receipt[]> | undefined;
    return (doubt) => (asking ??= this.#ask(batch, doubt).finally(() => (asking = undefined)));
  }

  async #ask(batch: Batch, doubt: Unanswered): Promise<readonly Receipt[]> {
    if (this.#isForgotten(batch)) throw doubt;
    const receipts = await this.#deliver(batch, this.#deps.clock.now(), doubt, Promise.resolve());
    if (this.#doubts.get(batch.number % SLOTS) === batch) this.#doubts.delete(batch.number % SLOTS);
    return receipts;
  }

  #remember(batch: Batch): void {
    this.#doubts.set(batch.number % SLOTS, batch);
    const [oldest] = this.#doubts.keys();
    if (this.#doubts.size > MAX_DOUBTS && oldest !== undefined) this.#doubts.delete(oldest);
  }

  /** Sent now, it could be stored a second time: the server may have dropped the answer. */
  #isForgotten(batch: Batch): boolean {
    return this.#deps.clock.now() - batch.since > ANSWERS_KEPT_FOR * 1_000 - this.#deps.publishTimeout;
  }
}

// Private

class Unanswered extends Error {
  constructor(cause: Error) {
    super("unanswered", { cause });
  }
}

function refusal(batch: Batch, index: number, error: Error, again: (doubt: Unanswered) => Promise<readonly Receipt[]>): Error {
  if (error instanceof Unreplicated) return error.errorOf(index);
  if (!(error instanceof Unanswered)) return error;
  const ask = (): Promise<Receipt | undefined> =>
    again(error).then(
      (receipts) => receipts[index],
      (caught: unknown) => Promise.reject(refusal(batch, index, asError(caught), again)),
    );
  return new PublishUnknown(
    `The answer to message ${batch.items[index]?.message.messageId ?? ""} was lost; it may or may not be stored.`,
    ask,
    error.cause,
  );
}
