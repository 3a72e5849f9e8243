/**
 * What a kind of fault is. `prepare` builds the place where it can happen (a server, perhaps with a network or a disk of its own);
 * `strike` does the damage and answers how it heals; healing tells whose work was in doubt and what Redis itself has lost.
 */
import type { Kill } from "@tidegate/streams/testing";
import type { FaultName } from "./promises.ts";
import type { Strike } from "./schedule.ts";
import type { Stage } from "./stage.ts";

export interface Fault {
  readonly name: FaultName;
  /** Shortest and longest time the damage lasts, in milliseconds. */
  readonly hold: readonly [least: number, most: number];
  /** Why it cannot be done on this machine, or null. */
  readonly missing?: () => string | null;
  readonly prepare: () => Promise<Field>;
}

export interface Field extends AsyncDisposable {
  readonly url: string;
  /** The server that has the data at this moment, where `url` does not name it. */
  direct?(): string;
  strike(stage: Stage, strike: Strike): Promise<Wound>;
}

export interface Wound {
  /** Ends the damage. Called when the strike's time is over. */
  heal(): Promise<Damage>;
}

export interface Damage {
  /** Whose work was in doubt; `until` is set by the run, when everybody works again. */
  readonly victims: readonly Omit<Kill, "until">[];
  /** Messages Redis itself does not have any more; only these may be lost. */
  readonly gone?: (publication: { readonly seq: number; readonly answeredAt: number }) => boolean;
  /** Redis went back in time: a message may be stored again under another entry id. */
  readonly rewound?: boolean;
  /** What shows that the strike did something; empty text means it did not, and the run proves nothing. */
  readonly evidence: string;
}
