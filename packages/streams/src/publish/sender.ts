/**
 * Sends the batches of one topic until each is answered or `publishTimeout` is over, and says what became of its messages. A call that is
 * still on the wire then is not taken back: its answer comes too late for anybody, but is what `retry()` gets.
 * The server remembers the last answers of each producer, so a batch whose answer was lost is sent again under the same number,
 * here and then by the caller through `PublishUnknown.retry()`. While one is sent again, those behind it wait for it.
 */
import { pause, type Clock } from "../clock.ts";
import { asError, PublishUnknown } from "../errors.ts";
import { backoff, type Link } from "../redis/link.ts";
import type { Reply } from "../store.ts";
import { unreachable, type RedisFault } from "../redis/replies.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Receipt } from "../publishing.ts";
import type { Batch } from "./batch.ts";
import { ANSWERS_KEPT_FOR, Doubts } from "./doubts.ts";
import { replicatedReceipts, timeFor, Unreplicated, waitForReplicas } from "./durability.ts";

export interface SenderDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly clock: Clock;
  readonly publishTimeout: number;
}

/** One try of something. */
interface Try {
  /** Something has gone to the server. */
  sent: boolean;
  /** Nobody waits for it any more. */
  over: boolean;
}

/** Milliseconds any try gets: the last one begins when time is nearly over, and its answer is worth more than a doubt. */
const LEAST = 100;

export class Sender {
  readonly #deps: SenderDeps;
  /** Four lanes and the producer's key, in the order of `publish.lua`. */
  readonly #keys: readonly string[];
  readonly #doubts: Doubts;
  /** Batches that are sent again or wait for such a one. */
  #held = 0;

  constructor(deps: SenderDeps, keys: readonly string[]) {
    this.#deps = deps;
    this.#keys = keys;
    this.#doubts = new Doubts(deps.clock, deps.publishTimeout);
  }

  /** For the next batch; numbers rise. */
  nextNumber(): number {
    return this.#doubts.nextNumber();
  }

  /**
   * Settles every message of the batch in time; never rejects. Resolves when nothing of it is on the wire any more, which the connection's
   * own deadline sees to. `before` is the batch in front of it.
   */
  async send(batch: Batch, before: Promise<void>): Promise<void> {
    try {
      const receipts = await this.#deliver(batch, batch.since, null, before);
      batch.items.forEach(({ resolve }, index) => resolve(receipts[index] as Receipt));
    } catch (error) {
      if (error instanceof Unanswered) this.#doubts.remember(batch);
      const again = this.#again(batch);
      batch.items.forEach(({ reject }, index) => reject(refusal(batch, index, asError(error), again)));
      await batch.underWay?.catch(() => {});
    }
  }

  /** For batches that were never sent. */
  refuse(batch: Batch): void {
    const error = this.#late(false);
    for (const { reject } of batch.items) reject(error);
  }

  /** Milliseconds until everything that waits in the batch must have its answer. */
  left(batch: Batch): number {
    return batch.since + timeFor(batch.durability, this.#deps.publishTimeout) - this.#deps.clock.now();
  }

  /** Tries again for as long as the server may be able to soon, and never waits longer than `limit` ms since `since`. */
  async patiently<R>(
    since: number,
    limit: number,
    act: (call: Try) => Promise<R>,
    onFault?: (fault: RedisFault | Unreplicated) => void,
  ): Promise<R> {
    const { link, clock } = this.#deps;
    const left = (): number => limit - (clock.now() - since);
    for (let failures = 0; ; failures++) {
      try {
        await link.whenUp(left());
        return await this.#within(left(), act);
      } catch (error) {
        const fault = error as RedisFault | Unreplicated;
        onFault?.(fault);
        if (left() <= 0 || (fault.reaction !== "reconnect" && fault.reaction !== "again")) throw error;
        await pause(clock, Math.min(backoff(failures), Math.max(1, left())));
      }
    }
  }

  // Private

  /** Silence is a fault like others, when it has lasted for `limit` ms. */
  #within<R>(limit: number, act: (call: Try) => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const call: Try = { sent: false, over: false };
      const cancel = this.#deps.clock.after(Math.max(LEAST, limit), () => {
        call.over = true;
        reject(this.#late(call.sent));
      });
      act(call).then(resolve, reject).finally(cancel);
    });
  }

  #late(sent: boolean): RedisFault {
    const { link, publishTimeout } = this.#deps;
    const why = sent ? "no answer within" : "nothing could be sent within";
    return unreachable(link.address, new Error(`${why} publishTimeout (${publishTimeout} ms)`), sent);
  }

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
    const attempt = async (call: Try): Promise<readonly Receipt[]> => {
      if (this.#held > 0) await this.#inTurn(before);
      if (call.over) throw this.#late(false);
      call.sent = true;
      // A call that is still on the wire may yet be answered; a second one would only stand behind it.
      batch.underWay ??= this.#attempt(batch, args).finally(() => (batch.underWay = null));
      return await batch.underWay;
    };
    try {
      return await this.patiently(since, timeFor(batch.durability, this.#deps.publishTimeout), attempt, onFault);
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
    if (this.#doubts.isForgotten(batch)) throw doubt;
    const receipts = await this.#deliver(batch, this.#deps.clock.now(), doubt, Promise.resolve());
    this.#doubts.resolve(batch);
    return receipts;
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
