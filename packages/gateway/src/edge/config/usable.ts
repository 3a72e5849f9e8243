/**
 * What of the store can be served by. Control checks everything before it is kept; what an earlier version or a hand has written may still lack
 * what the edge needs, and one such entity must not keep the others from being served. Pure; each version of an entity is judged once.
 */
import type { RouteData, TargetData } from "../../routes/spec.ts";
import { compileTable, type RouteEntry, type RouteTable, type TargetEntry } from "../../routes/table.ts";
import { dataOf, type Known, type MirroredKind } from "./known.ts";

/** An entity that is left out. */
export interface Fault {
  readonly kind: MirroredKind;
  readonly name: string;
  readonly version: number;
  readonly why: string;
}

type Checked = "target" | "route" | "service" | "external_service";

/** Why it cannot be served by, as far as its form shows; null: it can. */
function faultOf(kind: Checked, data: unknown): string | null {
  if (!isRecord(data)) return "it has no data";
  if (typeof data["unreadable"] === "string") return `what is stored of it cannot be read: ${data["unreadable"]}`;
  const known = judged.get(data);
  if (known !== undefined) return known;
  const missing = FIELDS[kind].find(([field, isGood]) => !isGood(data[field]))?.[0];
  const fault = missing === undefined ? null : `the field ${missing} is ${data[missing] === undefined ? "missing" : "malformed"}`;
  judged.set(data, fault);
  return fault;
}

/** The table of all that can be compiled. Only when they cannot all together are they tried one by one. */
export function compileUsable(known: Known): {
  readonly table: RouteTable;
  readonly targets: readonly TargetEntry[];
  readonly faults: Fault[];
} {
  const faults: Fault[] = [];
  const targets = usable<TargetData>(known, "target", faults);
  const routes = usable<RouteData>(known, "route", faults);
  try {
    return { table: compileTable({ targets, routes }), targets, faults };
  } catch {
    const good = targets.filter((one) => isGood(known, "target", one, () => compileTable({ targets: [one], routes: [] }), faults));
    const byName = new Map(good.map((one) => [one.name, one]));
    const own = ({ data }: RouteEntry): TargetEntry[] => data.proxy_hostnames.flatMap((name) => byName.get(name) ?? []);
    const fit = routes.filter((one) => isGood(known, "route", one, () => compileTable({ targets: own(one), routes: [one] }), faults));
    return { table: compileTable({ targets: good, routes: fit }), targets: good, faults };
  }
}

/** Those of a kind whose form is good; the others are added to `faults`. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- which shape a kind has, the caller says
export function usable<T>(known: Known, kind: Checked, faults: Fault[]): { readonly name: string; readonly data: T }[] {
  const found: { name: string; data: T }[] = [];
  for (const { name, version, data } of known.entities[kind].values()) {
    const why = faultOf(kind, data);
    if (why === null) found.push({ name, data: data as T });
    else faults.push({ kind, name, version, why });
  }
  return found;
}

/** The tokens that can be understood. Another one lets nobody in, and keeps none of these from doing so. */
export function usableTokens<T>(
  known: Known,
  understand: (stored: readonly { readonly name: string; readonly data: object }[]) => T,
): [value: T, faults: readonly Fault[]] {
  const faults: Fault[] = [];
  const all = dataOf<object>(known, "token");
  try {
    return [understand(all), faults];
  } catch {
    const good = all.filter((one) => {
      const why = problemOf(() => understand([one]));
      if (why !== null) faults.push(faultOfKept(known, "token", one.name, why));
      return why === null;
    });
    return [understand(good), faults];
  }
}

export function faultOfKept(known: Known, kind: MirroredKind, name: string, why: string): Fault {
  return { kind, name, version: known.entities[kind].get(name)?.version ?? 0, why };
}

// Private

function problemOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Check = (value: unknown) => boolean;

const judged = new WeakMap<object, string | null>();

interface Entry {
  readonly name: string;
  readonly data: object;
}

/** One that is not is known at once the next time. */
function isGood(known: Known, kind: Checked, { name, data }: Entry, compile: () => unknown, faults: Fault[]): boolean {
  const why = problemOf(compile);
  if (why === null) return true;
  judged.set(data, why);
  faults.push(faultOfKept(known, kind, name, why));
  return false;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isText: Check = (value) => typeof value === "string";
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isAmount: Check = (value) => typeof value === "number" && value > 0;
const orNull =
  (isGood: Check): Check =>
  (value) =>
    value === null || isGood(value);
/** An object in which these are amounts: as milliseconds of a timer, nothing else would end in a moment, again and again. */
const amounts =
  (...names: readonly string[]): Check =>
  (value) =>
    isRecord(value) && names.every((name) => isAmount(value[name]));

function isUpstream(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if (value["kind"] === "service") return isText(value["service"]) && orNull(isText)(value["port"]);
  const { urls } = value;
  return value["kind"] === "url" && Array.isArray(urls) && urls.every(isUrl);
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" && /^https?:/i.test(value) && URL.canParse(value);
}

/** What would throw, or never end, where it is first needed. */
const FIELDS: Readonly<Record<Checked, readonly (readonly [field: string, isGood: Check])[]>> = {
  target: [
    ["upstream", isUpstream],
    ["custom_headers", isRecord],
    ["custom_response_headers", isRecord],
    ["enabled_routes", isTexts],
    ["disabled_routes", isTexts],
    ["access", orNull(isRecord)],
    ["balance", isRecord],
    ["health", orNull(amounts("interval", "timeout", "passes", "fails"))],
    ["limits", isRecord],
    ["timeouts", amounts("connect", "response", "idle")],
    ["error_pages", isRecord],
    ["upstream_tls", isRecord],
  ],
  route: [
    ["path_pattern", isText],
    ["target_type", isText],
    ["target_value", isText],
    ["methods", orNull(isTexts)],
    ["headers", isRecord],
    ["query", isRecord],
    ["clients", isTexts],
    ["proxy_hostnames", isTexts],
    ["access", orNull(isRecord)],
    ["limits", orNull(isRecord)],
    ["timeouts", orNull(amounts("connect", "response", "idle"))],
  ],
  service: [["spec", (spec) => isRecord(spec) && Array.isArray(spec["port_configs"])]],
  external_service: [["url", (url) => typeof url === "string" && URL.canParse(url)]],
};
