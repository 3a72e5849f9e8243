/** Limits of a service; there is none without. A machine cannot give more than it has. */
import { availableParallelism, totalmem } from "node:os";
import { number, wrong, type Fields } from "./fields.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
/** Docker's own. */
const LEAST_MEMORY = 6 * 1024 ** 2;

export interface Limits {
  readonly memory_limit: number;
  readonly cpu_limit: number;
  readonly pids_limit: number;
}

export function readLimits(request: Fields, before: Limits): Limits {
  const { memory_limit: memory, cpu_limit: cpu, pids_limit: pids } = request;
  return {
    memory_limit: memory === undefined ? before.memory_limit : bytes(memory, "memory_limit"),
    cpu_limit: cpu === undefined ? before.cpu_limit : number(cpu, "cpu_limit", 0.01, availableParallelism(), false),
    pids_limit: pids === undefined ? before.pids_limit : number(pids, "pids_limit", 1, 32_768),
  };
}

// Private

/** `512m`, `1.5g`, or a number of bytes. */
function bytes(value: unknown, field: string): number {
  const most = totalmem();
  const expected = `from 6m to what this machine has (${Math.floor(most / 1024 ** 2)}m), as 512m or 2g`;
  const match = /^(\d+(?:\.\d+)?)([bkmgt]?)(?:i?b)?$/i.exec(
    typeof value === "number" || typeof value === "string" ? String(value).trim() : "",
  );
  const found = Math.floor(Number(match?.[1]) * (UNITS[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN));
  if (!(found >= LEAST_MEMORY && found <= most)) throw wrong(field, expected, value);
  return found;
}
