/** The slots of one subject, read from Redis and turned into values. */
import type { Store } from "@tidegate/streams";
import type { Step } from "../../contract.ts";
import type { Figure } from "./figures.ts";
import { quantile, readBins } from "./histogram.ts";
import type { SeriesKeys } from "./series-keys.ts";

/** Unix seconds: `from` and each of `count` slots after it begins at a multiple of `step`. */
export interface Span {
  readonly from: number;
  readonly step: Step;
  readonly count: number;
}

/** Seconds for which a reading holds when none follows: readings come at least every ten. */
const HOLDS = 15;

export async function readValues(
  store: Store,
  keys: SeriesKeys,
  figure: Figure,
  subject: string,
  span: Span,
  since: number,
): Promise<(number | null)[]> {
  if (figure.how === "visitors") return await readVisitors(store, keys, subject, span);
  const measures = measuresOf(figure);
  const ahead = figure.how === "reading" ? Math.ceil(HOLDS / span.step) : 0;
  const wider = { ...span, from: span.from - ahead * span.step, count: span.count + ahead };
  const slots = await readSlots(store, keys, figure, subject, wider, measures);
  const now = Date.now() / 1000;
  const values = slots.map((slot, index) => valueOf(figure, slot, wider.from + index * span.step, span.step, since, now));
  return ahead === 0 ? values : hold(values, ahead, wider, now).slice(ahead);
}

// Private

type Slot = readonly (string | null)[];

function measuresOf(figure: Exclude<Figure, { how: "visitors" }>): readonly string[] {
  if (figure.how === "ratio") return [figure.measure, figure.of];
  return [figure.how === "quantile" ? "h" : figure.measure];
}

/** One call for each hash: neighbours stand together. */
async function readSlots(
  store: Store,
  keys: SeriesKeys,
  { kind }: Figure,
  subject: string,
  { from, step, count }: Span,
  measures: readonly string[],
): Promise<Slot[]> {
  const places = Array.from({ length: count }, (_, index) => keys.place(kind, subject, step, from + index * step));
  const hashes = Map.groupBy(places, ({ key }) => key);
  const read = await Promise.all(
    [...hashes].map(async ([key, slots]) => {
      const reply = await store.ask(["HMGET", key, ...slots.flatMap(({ slot }) => measures.map((measure) => `${slot}:${measure}`))]);
      const found = Array.isArray(reply) ? reply : [];
      return slots.map((_, index) =>
        measures.map((_, at) => {
          const value = found[index * measures.length + at] ?? null;
          return value === null ? null : String(value);
        }),
      );
    }),
  );
  return read.flat();
}

function valueOf(figure: Figure, slot: Slot, at: number, step: Step, since: number, now: number): number | null {
  const [first, second] = [slot[0] ?? null, slot[1] ?? null];
  if (figure.how === "quantile") return first === null ? null : quantile(readBins(first), figure.share);
  if (figure.how === "ratio") return Number(second ?? 0) === 0 ? null : (Number(first ?? 0) / Number(second)) * figure.by;
  if (figure.how === "reading") return first === null ? null : Number(first);
  // The slot that is not over yet is measured by what of it has passed.
  const passed = Math.min(step, now - at);
  if (passed < 1 || at + step <= since) return null;
  return Number(first ?? 0) / passed;
}

function hold(values: readonly (number | null)[], most: number, { from, step }: Span, now: number): (number | null)[] {
  let [last, age]: [number | null, number] = [null, 0];
  return values.map((value, index) => {
    [last, age] = value === null ? [last, age + 1] : [value, 0];
    return age > most || from + index * step > now ? null : last;
  });
}

async function readVisitors(store: Store, keys: SeriesKeys, host: string, { from, step, count }: Span): Promise<(number | null)[]> {
  const hours = Array.from({ length: count }, (_, index) => Math.floor((from + index * step) / 3600));
  const known = await Promise.all(
    [...new Set(hours)].map(async (hour) => {
      const { key, slot } = keys.place("http", host, 3600, hour * 3600);
      const visitors = keys.visitors(host, hour);
      const [there, counted] = await Promise.all([store.ask(["PFCOUNT", visitors]), store.ask(["HGET", key, `${slot}:v`])]);
      const value = Math.max(Number(there), Number(counted ?? 0));
      return [hour, value === 0 ? null : value] as const;
    }),
  );
  const byHour = new Map(known);
  return hours.map((hour) => byHour.get(hour) ?? null);
}
