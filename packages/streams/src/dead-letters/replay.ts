/** Moves dead letters back to the group that failed. The script decides who moves a letter; here is only what it must be told. */
import { TidegateError } from "../errors.ts";
import type { Keys } from "../keys.ts";
import { encode } from "../message/encode.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import { integer } from "../redis/shapes.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import type { DeadLetterEdit } from "../tide.ts";
import type { DeadLetter } from "../views.ts";
import { ADDED, kindOfLetter, original } from "./letter.ts";

export interface ReplayDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  /** Who replays, as the history of each message says. */
  readonly service: string;
  readonly tracer: Pick<Tracer, "enabled" | "startSpan">;
  /** Bytes an edited message may take. */
  readonly maxPayload: number;
}

/** A step of a job: refused unless the lease is still this one and the cursor where it was left. */
export interface JobStep {
  readonly key: string;
  readonly fence: string;
  readonly cursor: string;
  readonly lease: number;
}

export type Moved = "moved" | "gone" | "not ours";

export class Replay {
  readonly #deps: ReplayDeps;

  constructor(deps: ReplayDeps) {
    this.#deps = deps;
  }

  /** A span of the trace the message came with; who asked for it is most often in another. */
  async move(letter: DeadLetter, edit?: DeadLetterEdit, step?: JobStep): Promise<Moved> {
    const traceparent = letter.message?.traceparent;
    if (typeof traceparent !== "string" || !this.#deps.tracer.enabled) return await this.#move(letter, edit, step);
    const { topic, group } = letter;
    const attributes = { topic, group, message_id: letter.message?.messageId, dead_letter: letter.id };
    const span = this.#deps.tracer.startSpan(`replay ${topic}`, { parent: traceparent, attributes });
    try {
      const moved = await this.#move(letter, edit, step);
      span.set({ outcome: moved });
      return moved;
    } catch (error) {
      span.fail(error);
      throw error;
    } finally {
      span.end();
    }
  }

  // Private

  async #move(letter: DeadLetter, edit?: DeadLetterEdit, step?: JobStep): Promise<Moved> {
    const { link, scripts, keys } = this.#deps;
    const { signature, description } = kindOfLetter(letter);
    const edited = edit === undefined ? [] : this.#edited(letter, edit);
    const names = [
      keys.deadLetters(),
      keys.deadLetterIndex(),
      keys.deadLetterKind(signature),
      keys.retryEvents(letter.topic, letter.group),
      keys.history(letter.topic),
      keys.counts(letter.topic),
    ];
    const origin = `${letter.originalStream}/${letter.originalId}`;
    const { fence = "", cursor = "", lease = 0 } = step ?? {};
    const what = [letter.id, letter.group, origin, signature, description, fence, cursor, String(lease), origin, this.#deps.service];
    const args = [...what, String(edited.length / 2), ...edited, ...ADDED];
    const answer = integer(await scripts.run(link, "replay", step === undefined ? names : [...names, step.key], args));
    if (answer < 0) return "not ours";
    return answer === 1 ? "moved" : "gone";
  }

  /** Name, value, … of the fields an edit changes; refuses what a publish would refuse. */
  #edited(letter: DeadLetter, edit: DeadLetterEdit): string[] {
    const before = original(letter.raw);
    const outgoing = { type: edit.type ?? before["event_type"] ?? "", data: "data" in edit ? edit.data : null };
    const { type, data } = encode(outgoing, { service: "", maxPayload: this.#deps.maxPayload });
    const changed = ["event_type", type];
    // The new data is plain JSON, whatever the old was encoded as.
    return "data" in edit && edit.data !== undefined ? [...changed, "data", data, "content_encoding", ""] : changed;
  }
}

/** A letter that does not say which group failed cannot go back to it. */
export function checkReplayable(letter: DeadLetter): DeadLetter {
  if (letter.group !== "") return letter;
  throw new TidegateError("UNKNOWN_GROUP", `The dead letter ${letter.id} does not say which group failed.`, {
    hint: "Another program wrote it. Publish its data again, then discard it.",
  });
}
