/**
 * One record of a topic's history stream: what one settle call did to up to 256 messages. Here are its texts as the scripts are given
 * them, and as they are read again. They are made to cost next to nothing where messages are acknowledged by the hundred: one text
 * for all ids, and one number for all that is alike.
 *
 * Fields: `act`, `group`, `by`; `ids`: a lane's name and then entry ids of it, or `<stream>/<id>` each where they were retries; `ages`: ms since each was
 * delivered; `tries`: the attempt each was (both as runs, see below); `why`: JSON, per message `[code, error]` or 0 for the one before;
 * `more`: what the act adds; `refused`: places in `ids`, from 1, of those that were not the consumer's any more.
 */
import type { Entry } from "./shapes.ts";

/** Of an error's text. */
const KEPT = 300;

/** What scripts write as `act`, also the first half of a counter's name. */
export type RecordedAct = "acked" | "retried" | "dead" | "released" | "replayed" | "discarded" | "expired" | "claimed" | "moved";

/** Where a message was published. */
export interface Origin {
  readonly stream: string;
  readonly lane: string;
  readonly entryId: string;
}

export interface HistoryRecord {
  readonly id: string;
  readonly act: RecordedAct;
  readonly group: string;
  readonly by: string;
  readonly ids: string;
  readonly ages: string;
  readonly tries: string;
  readonly why: string;
  readonly more: string;
  readonly refused: string;
}

/** `v*n` for n equal ones; what is not said is as the last. */
export function runs(values: readonly (number | string)[]): string {
  let text = "";
  for (let from = 0, to = 0; from < values.length; from = to) {
    while (to < values.length && values[to] === values[from]) to++;
    if (from > 0) text += " ";
    text += to === values.length || to - from === 1 ? values[from] : `${values[from]}*${to - from}`;
  }
  return text;
}

export function reasons(failures: readonly { readonly code: string; readonly error: string }[]): string {
  let before = "";
  const shown = failures.map(({ code, error }) => {
    const one = [code, error.slice(0, KEPT).toWellFormed()];
    const text = one.join("\n");
    const same = text === before;
    before = text;
    return same ? 0 : one;
  });
  return JSON.stringify(shown);
}

export function recordOf({ id, fields }: Entry): HistoryRecord {
  const text = (name: string): string => fields[name] ?? "";
  return {
    id,
    act: text("act") as RecordedAct,
    group: text("group"),
    by: text("by"),
    ids: text("ids"),
    ages: text("ages"),
    tries: text("tries"),
    why: text("why"),
    more: text("more"),
    refused: text("refused"),
  };
}

/** Which of the record's messages this one is, from 0; -1 for none. */
export function placeIn({ ids, refused }: HistoryRecord, { lane, stream, entryId }: Origin): number {
  // Most records are about others: a search of the text is all they cost.
  if (!ids.includes(entryId)) return -1;
  const origin = `${stream}/${entryId}`;
  let [current, place] = ["", 0];
  for (const token of ids.split(" ")) {
    if (token === origin || (token === entryId && current === lane)) return isNamed(refused, place) ? -1 : place;
    if (ENTRY.test(token)) place++;
    else current = token;
  }
  return -1;
}

/** What `runs` said of this place; null where nothing. */
export function valueAt(text: string, place: number): string | null {
  let last: string | null = null;
  let passed = 0;
  for (const run of text === "" ? [] : text.split(" ")) {
    const [value = "", many = "1"] = run.split("*");
    last = value;
    passed += Number(many);
    if (place < passed) break;
  }
  return last;
}

export function reasonAt(why: string, place: number): { code: string; error: string } | null {
  if (why === "") return null;
  const all = JSON.parse(why) as (0 | [code: string, error: string])[];
  for (let at = Math.min(place, all.length - 1); at >= 0; at--) {
    const one = all[at];
    if (Array.isArray(one)) return { code: one[0], error: one[1] };
  }
  return null;
}

// Private

const ENTRY = /(?:^|\/)\d+-\d+$/;

function isNamed(places: string, place: number): boolean {
  return places !== "" && places.split(" ").includes(String(place + 1));
}
