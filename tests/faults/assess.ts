/**
 * Turns a run into one row and a verdict. What Redis itself does not have any more may be lost where the cell of the promise
 * table says so; everything else goes to the judge unchanged.
 */
import { judge, type Deed, type Verdict } from "@tidegate/streams/testing";
import type { Witness } from "./effects.ts";
import type { Load, Publication } from "./load.ts";
import type { Cell, FaultName } from "./promises.ts";
import type { Blow } from "./run.ts";
import { IN_FLIGHT_OF_WORKER, WORKERS } from "./stage.ts";

export interface Assessment {
  readonly fault: FaultName;
  readonly cell: Cell;
  readonly strikes: number;
  readonly published: number;
  readonly stored: number;
  readonly refused: number;
  /** Without an answer in the end, or stored on too few replicas. */
  readonly unknown: number;
  readonly askedAgain: number;
  readonly effects: number;
  readonly lost: number;
  /** Of the lost, those the cell allows. */
  readonly allowed: number;
  readonly unexpected: number;
  readonly duplicates: number;
  /** Messages that were in flight at a strike: what at-least-once may repeat. */
  readonly inFlight: number;
  readonly fenced: number;
  /** The longest over all strikes, in milliseconds since the end of the fault. */
  readonly recovery: { readonly firstEffect: number; readonly everyone: number; readonly lagZero: number | null };
  readonly evidence: readonly string[];
  readonly problems: readonly string[];
}

export interface Run {
  readonly fault: FaultName;
  readonly cell: Cell;
  readonly stage: { readonly load: Pick<Load, "published" | "askedAgain">; readonly witness: Pick<Witness, "deeds" | "fenced"> };
  readonly blows: readonly Blow[];
  readonly left: { pending: number; lag: number; retrying: number } | null;
}

export function assess(run: Run): Assessment {
  const { stage, blows, cell } = run;
  const { published } = stage.load;
  const deeds = stage.witness.deeds();
  const effected = new Set(deeds.filter((deed) => deed.kind === "effect").map((deed) => deed.seq));
  const missing = published.filter((one) => one.outcome === "stored" && !effected.has(one.seq));
  const allowed = missing.filter((one) => cell.lost !== "none" && mayBeGone(one, blows));
  const verdict = sentence(run, published, deeds, new Set(allowed.map((one) => one.seq)));
  const possible = new Set(published.filter((one) => one.outcome !== "refused").map((one) => one.seq));
  return {
    fault: run.fault,
    cell,
    strikes: blows.length,
    published: published.length,
    stored: count(published, "stored"),
    refused: count(published, "refused"),
    unknown: count(published, "unknown"),
    askedAgain: stage.load.askedAgain,
    effects: verdict.effects,
    lost: missing.length,
    allowed: allowed.length,
    unexpected: [...effected].filter((seq) => !possible.has(seq)).length,
    duplicates: verdict.duplicates.length,
    inFlight: verdict.inFlightAtKills,
    fenced: stage.witness.fenced(),
    recovery: recovery(blows, deeds),
    evidence: blows.map((blow) => blow.damage.evidence),
    problems: [...verdict.problems, ...unproven(run)],
  };
}

// Private

function sentence(run: Run, published: readonly Publication[], deeds: readonly Deed[], excused: ReadonlySet<number>): Verdict {
  const rewound = run.blows.some((blow) => blow.damage.rewound === true);
  const kills = run.blows.flatMap((blow) => blow.kills);
  const everybody = kills.some((kill) => kill.victim === "*") ? WORKERS : 1;
  const bound = run.cell.repeated === "in flight" ? everybody * IN_FLIGHT_OF_WORKER : published.length;
  return judge({
    published: published.map((one) => (excused.has(one.seq) ? { seq: one.seq, outcome: "unknown" } : one)),
    // After a rewind one message may be stored again under another id; its repetition must still be excused.
    deeds: rewound ? deeds.map((deed) => ({ ...deed, entryId: String(deed.seq) })) : deeds,
    kills,
    inFlightBound: bound,
    left: run.left ?? { pending: NaN, lag: NaN, retrying: NaN },
  });
}

function mayBeGone(one: Publication, blows: readonly Blow[]): boolean {
  return blows.some((blow) => blow.damage.gone?.(one) === true);
}

function count(published: readonly Publication[], outcome: Publication["outcome"]): number {
  return published.filter((one) => one.outcome === outcome).length;
}

/** A strike without effect, or a recovery that never ended, is no proof of anything. */
function unproven({ blows }: Run): string[] {
  const idle = blows.filter((blow) => blow.damage.evidence === "").map((blow) => `strike #${blow.strike.number} did nothing`);
  const open = blows
    .filter((blow) => blow.lagZero === null)
    .map((blow) => `the group was not empty again after strike #${blow.strike.number}: ${JSON.stringify(blow.left)}`);
  return [...idle, ...open];
}

function recovery(blows: readonly Blow[], deeds: readonly Deed[]): Assessment["recovery"] {
  const effects = deeds.filter((deed) => deed.kind === "effect").map((deed) => deed.at);
  const first = (since: number): number => effects.reduce((least, at) => (at > since && at < least ? at : least), Infinity) - since;
  const lags = blows.map((blow) => blow.lagZero);
  return {
    firstEffect: Math.max(...blows.map((blow) => first(blow.healedAt))),
    everyone: Math.max(...blows.map((blow) => blow.everyone)),
    lagZero: lags.includes(null) ? null : Math.max(...lags.map(Number)),
  };
}
