/** Spans of which nobody knows yet whether they are wanted: bounded for one trace and for all of them; what is beyond is counted by its trace. */
import type { LiveSpan, LocalTrace } from "./span.ts";

const PER_TRACE = 200;
const IN_ALL = 10_000;

export class HeldSpans {
  #count = 0;

  /** The first span of a trace always finds room: it says what the others belong to. */
  add(span: LiveSpan): void {
    const { local } = span;
    if (local.head !== span && (local.held.length >= PER_TRACE || this.#count >= IN_ALL)) local.missed++;
    else {
      local.held.push(span);
      this.#count++;
    }
  }

  /** Hands over what is held of it, in the order in which they ended. */
  release(local: LocalTrace): readonly LiveSpan[] {
    const { held } = local;
    this.#count -= held.length;
    local.held = [];
    return held;
  }
}
