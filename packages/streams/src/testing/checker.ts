/**
 * The judge of a fault run. It sees only a history written by others (the publisher, the effect server, whoever killed) and
 * knows nothing of Redis or of the library, so it cannot share their mistakes. Pure.
 *
 * Give each message a number of its own (`seq`) in its data. Let the publisher write down what each publish was told, each worker when
 * it began and when it heard its acknowledgement, and, in a process that nobody kills, each effect. One history is one group's.
 * A judge that cannot condemn proves nothing: run it on a worker that is wrong on purpose as well.
 */

/** One line of the publisher's record. */
export interface Published {
  /** The message's number. */
  readonly seq: number;
  /** `unknown`: no answer came in the end; such a message may appear or not. `refused`: an error said nothing was stored. */
  readonly outcome: "stored" | "unknown" | "refused";
}

/** What a worker did with one message; times are monotonic milliseconds of one machine. */
export interface Deed {
  readonly kind: "begin" | "effect" | "acked";
  readonly seq: number;
  readonly worker: string;
  readonly entryId: string;
  readonly at: number;
}

/** One blow: SIGKILL of a worker, or of the server. */
export interface Kill {
  /** A worker's name, or `*` where Redis was killed and so every worker's work in flight was in doubt. */
  readonly victim: string;
  readonly from: number;
  /** When the damage was over: for Redis, when every worker had acknowledged something again. */
  readonly until: number;
}

/** All that is known of one group's run. */
export interface History {
  readonly published: readonly Published[];
  readonly deeds: readonly Deed[];
  readonly kills: readonly Kill[];
  /** Messages one victim may hold: handlers running plus entries read ahead. */
  readonly inFlightBound: number;
  /** What the group still held at the end. */
  readonly left: { readonly pending: number; readonly lag: number; readonly retrying: number };
}

export interface Verdict {
  /** Publishes that were answered `stored`. */
  readonly stored: number;
  /** Publishes that ended with an error: refused, or without any answer. */
  readonly notStored: number;
  /** Effects of all messages, repeated ones included. */
  readonly effects: number;
  /** Messages with more than one effect. */
  readonly duplicates: readonly number[];
  /** Messages begun but unanswered at a kill: what at-least-once may repeat. */
  readonly inFlightAtKills: number;
  /** Empty means passed. */
  readonly problems: readonly string[];
}

/**
 * Lost: stored, without effect. Unexpected: an effect of what was never published, or was refused. Stored twice: one message under two
 * entry ids. Duplicated: more than one effect, though nobody was hit while the message was in flight, or more such than the blows explain.
 * Also an acknowledgement before its effect, and a group that is not drained. `verdict.problems` names each with the first numbers.
 */
export function judge(history: History): Verdict {
  const effects = history.deeds.filter((deed) => deed.kind === "effect");
  const bySeq = Map.groupBy(effects, (effect) => effect.seq);
  const duplicates = [...bySeq].filter(([, times]) => times.length > 1).map(([seq]) => seq);
  const excused = inFlightAtKills(history);
  const problems = [
    ...list("lost: answered stored, never had an effect", lost(history, bySeq)),
    ...list("unexpected: had an effect, never published", unexpected(history, bySeq)),
    ...list("stored twice: one message under two entry ids", storedTwice(bySeq)),
    ...list("acknowledged before its effect", acknowledgedTooEarly(history, bySeq)),
    ...list(
      "duplicated without having been in flight at a kill",
      duplicates.filter((seq) => !excused.has(seq)),
    ),
    ...tooMany(history, duplicates.length),
    ...leftOver(history),
  ];
  const stored = history.published.filter((message) => message.outcome === "stored").length;
  return {
    stored,
    notStored: history.published.length - stored,
    effects: effects.length,
    duplicates,
    inFlightAtKills: excused.size,
    problems,
  };
}

// Private

type Effects = ReadonlyMap<number, readonly Deed[]>;

function lost(history: History, effects: Effects): number[] {
  return history.published.filter((message) => message.outcome === "stored" && !effects.has(message.seq)).map((message) => message.seq);
}

/** A refused publish promised that nothing was stored, so its effect is as unexpected as one nobody asked for. */
function unexpected(history: History, effects: Effects): number[] {
  const possible = new Set(history.published.filter((message) => message.outcome !== "refused").map((message) => message.seq));
  return [...effects.keys()].filter((seq) => !possible.has(seq));
}

function storedTwice(effects: Effects): number[] {
  return [...effects].filter(([, times]) => new Set(times.map((effect) => effect.entryId)).size > 1).map(([seq]) => seq);
}

function acknowledgedTooEarly(history: History, effects: Effects): number[] {
  const early = (ack: Deed): boolean => !(effects.get(ack.seq) ?? []).some((effect) => effect.at <= ack.at);
  return [...new Set(history.deeds.filter((deed) => deed.kind === "acked" && early(deed)).map((ack) => ack.seq))];
}

function inFlightAtKills(history: History): Set<number> {
  const acked = new Map(history.deeds.filter((deed) => deed.kind === "acked").map((ack) => [`${ack.worker} ${ack.seq}`, ack.at]));
  const begun = history.deeds.filter((deed) => deed.kind === "begin");
  const inDoubt = (deed: Deed, kill: Kill): boolean => {
    const ackedAt = acked.get(`${deed.worker} ${deed.seq}`) ?? Infinity;
    if (kill.victim !== "*") return deed.worker === kill.victim && ackedAt === Infinity;
    return deed.at <= kill.until && ackedAt >= kill.from;
  };
  return new Set(begun.filter((deed) => history.kills.some((kill) => inDoubt(deed, kill))).map((deed) => deed.seq));
}

function tooMany(history: History, duplicates: number): string[] {
  const allowed = history.kills.length * history.inFlightBound;
  return duplicates <= allowed
    ? []
    : [`${duplicates} duplicates are more than ${history.kills.length} kills × ${history.inFlightBound} in flight = ${allowed}`];
}

function leftOver({ left }: History): string[] {
  return left.pending + left.lag + left.retrying === 0
    ? []
    : [`the group is not drained: pending ${left.pending}, lag ${left.lag}, retrying ${left.retrying}`];
}

function list(what: string, sequence: readonly number[]): string[] {
  return sequence.length === 0
    ? []
    : [`${sequence.length} ${what}: ${sequence.slice(0, 10).join(", ")}${sequence.length > 10 ? ", …" : ""}`];
}
