/** What of the store is not served because it cannot be. Each version of an entity is told once; what is left out now stands in the report. */
import type { Fault } from "../config/usable.ts";
import type { UnusableEntity } from "../report.ts";

/** In a report: it is written every second. */
const MOST_NAMED = 100;

export class LeftOut {
  readonly #note: (level: "error", message: string, fields: Readonly<Record<string, unknown>>) => void;
  #now: readonly Fault[] = [];
  /** By kind, name and version. */
  #told: ReadonlySet<string> = new Set();

  constructor(note: (level: "error", message: string, fields: Readonly<Record<string, unknown>>) => void) {
    this.#note = note;
  }

  /** All there are now. */
  are(faults: readonly Fault[]): void {
    const before = this.#told;
    this.#now = faults;
    this.#told = new Set(faults.map(keyOf));
    for (const fault of faults) if (!before.has(keyOf(fault))) this.#tell(fault);
  }

  report(): UnusableEntity[] {
    return this.#now.slice(0, MOST_NAMED).map(({ kind, name, why }) => ({ kind, name, why }));
  }

  // Private

  #tell({ kind, name, version, why }: Fault): void {
    const hint = `Change it, delete it, or go back to a version that was served: npx tidegate config history ${kind} ${name}`;
    this.#note("error", `the ${kind.replace("_", " ")} ${name} is left out: ${why}`, { kind, name, version, hint });
  }
}

// Private

function keyOf({ kind, name, version }: Fault): string {
  return `${kind} ${name} ${version}`;
}
