/** Vectors against one proxy with a recording upstream behind it, many at once: what was answered to each, and what arrived because of it. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Arrived, RecordingUpstream } from "../recording-upstream.ts";
import { partsOf, type Group, type Vector } from "./vector.ts";

export interface Outcome {
  /** Statuses in order, with `cut` at the end if the connection was closed with less than the wanted answers. */
  readonly answers: readonly (number | "cut" | "silence")[];
  readonly arrived: readonly Arrived[];
  /** Requests that were hidden in the vector's body. */
  readonly hidden: number;
}

/** Milliseconds in which a proxy says something or closes; with none of both it waits for more, which is an outcome too. */
const SILENCE = 3_000;
/** The same once all answers are there that we would give: a second request in the vector may still be answered. */
const ENOUGH = 400;
/** After this a second part is sent though nothing came. */
const PART = 100;
const AT_ONCE = 16;

export interface Place {
  readonly port: number;
  readonly upstream: RecordingUpstream;
}

export async function runVectors(place: Place, groups: readonly Group[]): Promise<Map<string, Outcome>> {
  const vectors = groups.flatMap((group) => group.vectors);
  const answers = new Map<string, Outcome["answers"]>();
  const rest = vectors.values();
  const worker = async (): Promise<void> => {
    for (const vector of rest) answers.set(vector.id, await send(place.port, vector));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return new Map(vectors.map(({ id }) => [id, { answers: answers.get(id)!, ...arrivedOf(place.upstream, id) }]));
}

/** What breaks the promise of a vector; empty when it is kept. */
export function problemsOf(vector: Vector, { answers, arrived, hidden }: Outcome): string[] {
  const problems = arrived.flatMap((one) => [...one.oddities, ...forgeries(one)]);
  if (!vector.ours.every((allowed, at) => allowed.includes(answers[at] as number)) || answers.length > vector.ours.length)
    if (!onlyFinal(vector, answers))
      problems.push(`answered ${answers.join(", ")} instead of ${vector.ours.map((one) => one.join(" or ")).join(", ")}`);
  if (hidden > 0) problems.push("a hidden request arrived");
  if (arrived.length > vector.seen) problems.push(`${arrived.length} requests arrived instead of ${vector.seen}`);
  if (answers.at(-1) === 200 && arrived.length < vector.seen) problems.push(`only ${arrived.length} of ${vector.seen} requests arrived`);
  return arrived[0] === undefined ? problems : [...problems, ...contentProblems(vector, arrived[0])];
}

// Private

/** 100 may be left out where the body came already, and an error may take the place of all answers that were to come. */
function onlyFinal(vector: Vector, answers: Outcome["answers"]): boolean {
  return (
    vector.ours.length === 2 && answers.length === 1 && vector.ours[0]!.includes(100) && vector.ours[1]!.includes(answers[0] as number)
  );
}

/** What of the first request that arrived is not as the vector says. */
export function contentProblems({ arrives = {} }: Vector, { line, fields, body }: Arrived): string[] {
  const named = new Map(
    fields.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 1).trim()]),
  );
  const target = line.split(" ")[1]!;
  return [
    ...(arrives.target?.test(target) === false ? [`its target arrived as ${target}`] : []),
    ...(arrives.body !== undefined && arrives.body !== body ? [`its body arrived as ${JSON.stringify(body)}`] : []),
    ...(arrives.lacks ?? []).filter((name) => named.has(name)).map((name) => `${name} arrived`),
    ...Object.entries(arrives.has ?? {})
      .filter(([name, value]) => !value.test(named.get(name) ?? ""))
      .map(([name]) => `${name} arrived as ${String(named.get(name))}`),
  ];
}

function forgeries({ fields, trailers }: Arrived): string[] {
  return [...fields, ...trailers].filter((field) => /forged|6\.6\.6\.6/.test(field)).map((field) => `forged: ${field}`);
}

function arrivedOf(upstream: RecordingUpstream, id: string): Pick<Outcome, "arrived" | "hidden"> {
  const about = (path: string): Arrived[] =>
    upstream.arrived.filter(({ line, fields }) => [line, ...fields].some((text) => path === pathIn(text)));
  return { arrived: about(`v/${id}`), hidden: about(`evil/${id}`).length };
}

function pathIn(text: string): string | undefined {
  return /\b(?:v|evil)\/[a-z0-9-]+/.exec(text)?.[0];
}

async function send(port: number, vector: Vector): Promise<Outcome["answers"]> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let closed = false;
  let wake = (): void => {};
  socket.on("error", () => {});
  socket.on("data", (chunk) => ((text += chunk.toString("latin1")), wake()));
  for (const event of ["end", "close"] as const) socket.on(event, () => ((closed = true), wake()));
  const happens = async (limit: number): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, limit, false);
    wake = () => resolve(true);
    return await promise.finally(() => clearTimeout(timer));
  };
  await once(socket, "connect").catch(() => {});
  for (const [at, part] of partsOf(vector).entries()) {
    if (at > 0 && text === "") await happens(PART);
    socket.write(part);
  }
  while (!closed && (await happens(statusesIn(text).length >= vector.ours.length ? ENOUGH : SILENCE)));
  socket.destroy();
  const statuses = statusesIn(text);
  if (statuses.length > 0 && !broken(text)) return statuses;
  return [...statuses, closed ? "cut" : "silence"];
}

function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1]));
}

/** An answer that is cut in its middle. */
function broken(text: string): boolean {
  return !text.includes("\r\n\r\n");
}
