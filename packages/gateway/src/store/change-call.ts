/** One call of `change.lua`: groups of changes as keys and arguments, and its answer as the versions or the refusal of each. */
import type { EventEntry } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { GatewayKeys } from "../keys.ts";
import type { Change, EntityKind, Guard } from "./entity.ts";

/** Changes that happen together or not at all. */
export interface Group {
  readonly changes: readonly Change[];
  /** Of each change: its data as JSON, "" where it is removed. */
  readonly texts: readonly string[];
  /** Of each change. */
  readonly events: readonly (readonly EventEntry[])[];
  readonly by: string;
  readonly trace: string | null;
  readonly guard: Guard | null;
}

export interface Changed {
  /** Unix ms, of Redis. */
  readonly at: number;
  readonly versions: readonly number[];
}

/** Seconds; far longer than a call is repeated. */
const REMEMBERED_FOR = "300";
/** Entries of the stream of all changes; never fewer are left of more. */
export const CHANGES_KEPT = "10000";
const REVISIONS_KEPT = "50";
/** Seconds the revisions of something deleted are kept. */
const DELETED_KEPT = "2592000";

export class ChangeCall {
  readonly keys: string[];
  readonly args: string[];
  readonly #keys: GatewayKeys;
  readonly #numbers = new Map<string, string>();

  /** `over`: calls that are never sent again. */
  constructor(keys: GatewayKeys, session: string, call: number, over: readonly number[], groups: readonly Group[]) {
    this.#keys = keys;
    this.keys = [keys.entityAnswers(session), keys.entityChanges()];
    this.args = [String(call), over.join(" "), REMEMBERED_FOR, CHANGES_KEPT, REVISIONS_KEPT, DELETED_KEPT, String(groups.length)];
    for (const group of groups) this.#addGroup(group);
  }

  // Private

  #addGroup({ changes, texts, events, by, trace, guard }: Group): void {
    const lease = guard === null ? ["0", ""] : [this.#number(guard.lease), String(guard.fence)];
    this.args.push(String(changes.length), JSON.stringify(by), JSON.stringify(trace), ...lease);
    for (const [index, change] of changes.entries()) this.#addChange(change, texts[index] ?? "", events[index] ?? []);
  }

  #addChange({ kind, name, expect, revision = true, as }: Change, text: string, events: readonly EventEntry[]): void {
    const { args } = this;
    const places = [this.#table(kind), this.#number(this.#keys.entityRevisions(kind, name))] as const;
    const start = args.push("0", kind, name, ...places, String(expect), text, revision ? "1" : "", as ?? "", String(events.length));
    for (const { streams, most, fields } of events) {
      args.push(this.#number(streams[0]), this.#number(streams[1]), String(most), String(fields.length), ...fields);
    }
    args[start - 10] = String(args.length - start);
  }

  /** Its index is the next key. */
  #table(kind: EntityKind): string {
    const key = this.#keys.entities(kind);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#number(key);
    this.keys.push(this.#keys.entityIndex(kind));
    return number;
  }

  #number(key: string): string {
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, (number = String(this.keys.push(key))));
    return number;
  }
}

/** One for each group, in order. */
export function readAnswer(answer: string, groups: readonly Group[]): (Changed | GatewayError)[] {
  const [at, rest = ""] = answer.split("|");
  return rest.split(";").map((text, index) => {
    if (!text.startsWith("!")) return { at: Number(at), versions: text.split(",").map(Number) };
    if (text === "!lease") return new GatewayError("LEASE_LOST", "Somebody else has taken this work up meanwhile; nothing was changed.");
    const [which, found] = text.slice(1).split(":").map(Number);
    return refusalOf(groups[index]?.changes[which ?? 0], found ?? 0);
  });
}

// Private

function refusalOf(change: Change | undefined, found: number): GatewayError {
  if (change === undefined) throw new Error("the store answered for a change that was not asked for");
  const { kind, name, expect } = change;
  const what = `${kind.replace("_", " ")} ${JSON.stringify(name)}`;
  if (found === 0) return new GatewayError("UNKNOWN_ENTITY", `There is no ${what} (any more).`);
  if (expect === 0)
    return new GatewayError("NAME_TAKEN", `The ${what} exists already.`, { hint: "Take another name, or change what is there." });
  return new GatewayError("VERSION_CONFLICT", `The ${what} was changed meanwhile: it has version ${found} and not ${expect}.`, {
    hint: "Look at it again, then repeat your change.",
  });
}
