/**
 * Sends changes. Those that are asked for in the same moment travel in one call. A call whose answer was lost is sent again under the same number,
 * by which Redis knows whether it was made; so a change is never made twice, and CHANGE_UNKNOWN is only said when Redis stays away.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { defineScript, TidegateError, type Store } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { GatewayKeys } from "../keys.ts";
import { ChangeCall, readAnswer, type Changed, type Group } from "./change-call.ts";

const CHANGE = defineScript(new URL("./change.lua", import.meta.url));

/** Changes of one call; a longer one would hold up everybody else at Redis. */
export const MOST_CHANGES = 256;
/** Characters of one call, where there is more than one group. */
const MOST_TEXT = 1 << 20;
/** Changes that share a call: few enough that the answer of one is read while Redis makes the next. */
const SHARED = 16;
/** Calls under way; what else is asked for meanwhile then shares the next one. */
const UNDER_WAY = 16;
/** Calls after which an answered one is forgotten: what was sent first, and lost, may still reach Redis for a moment. */
const REMEMBERED = 64;
/** Milliseconds a call is tried. */
const PATIENCE = 10_000;
/** After these a call may be sent again. */
const PASSING: readonly string[] = ["REDIS_UNREACHABLE", "REDIS_READ_ONLY", "REDIS_BUSY"];

interface Waiting {
  readonly group: Group;
  readonly resolve: (changed: Changed) => void;
  readonly reject: (error: unknown) => void;
}

export class Changes {
  readonly #store: () => Store;
  readonly #keys: GatewayKeys;
  readonly #session = randomBytes(6).toString("hex");
  readonly #waiting: Waiting[] = [];
  /** Answered or given up, in that order. */
  readonly #over: number[] = [];
  #calls = 0;
  #underWay = 0;
  #planned = false;

  constructor(store: () => Store, keys: GatewayKeys) {
    this.#store = store;
    this.#keys = keys;
  }

  send(group: Group): Promise<Changed> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ group, resolve, reject });
      if (this.#planned) return;
      this.#planned = true;
      // After everything that runs on the answer of an earlier call has asked for its next change as well.
      queueMicrotask(() => process.nextTick(() => this.#flush()));
    });
  }

  // Private

  #flush(): void {
    this.#planned = false;
    while (this.#waiting.length > 0 && this.#underWay < UNDER_WAY) void this.#call(this.#take());
  }

  #take(): Waiting[] {
    let [count, changes, text] = [0, 0, 0];
    for (const { group } of this.#waiting) {
      changes += group.changes.length;
      for (const one of group.texts) text += one.length;
      if (count > 0 && (changes > SHARED || text > MOST_TEXT)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #call(batch: readonly Waiting[]): Promise<void> {
    this.#underWay++;
    try {
      const groups = batch.map(({ group }) => group);
      const answers = readAnswer(await this.#run(groups), groups);
      for (const [index, answer] of answers.entries()) {
        if (answer instanceof GatewayError) batch[index]?.reject(answer);
        else batch[index]?.resolve(answer);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#underWay--;
      this.#flush();
    }
  }

  async #run(groups: readonly Group[]): Promise<string> {
    const number = ++this.#calls;
    const call = new ChangeCall(this.#keys, this.#session, number, this.#forgotten(number), groups);
    return await this.#answer(call).finally(() => this.#over.push(number));
  }

  #forgotten(number: number): number[] {
    const young = this.#over.findIndex((call) => call > number - REMEMBERED);
    return this.#over.splice(0, young === -1 ? this.#over.length : young);
  }

  async #answer({ keys, args }: ChangeCall): Promise<string> {
    const store = this.#store();
    const end = performance.now() + PATIENCE;
    for (let doubt = false; ;) {
      try {
        if (!store.up) await store.whenUp(Math.max(1, end - performance.now()));
        return String(await store.run(CHANGE, keys, args));
      } catch (error) {
        doubt ||= mayHaveRun(error);
        if (!isPassing(error) || performance.now() > end) throw doubt ? unknown(error) : error;
        await pause(Math.random() * 50);
      }
    }
  }
}

// Private

function isPassing(error: unknown): boolean {
  return error instanceof TidegateError && PASSING.includes(error.code);
}

function mayHaveRun(error: unknown): boolean {
  return isPassing(error) && (error as { sent?: boolean }).sent !== false;
}

function unknown(cause: unknown): GatewayError {
  return new GatewayError(
    "CHANGE_UNKNOWN",
    "Redis went away during a change and did not come back in time; whether it was made is not known.",
    {
      cause,
      hint: "Look at what you changed once Redis answers, then repeat it if need be.",
    },
  );
}
