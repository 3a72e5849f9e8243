/** Reads Prometheus' text form as strictly as promtool, for tests: throws where a line is none or a family is not declared before its samples. */
export interface ReadFamily {
  readonly name: string;
  readonly type: string;
  readonly samples: { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/gy;

export function parseExposition(text: string): ReadFamily[] {
  if (!text.endsWith("\n")) throw new Error("The last line does not end.");
  const families = new Map<string, ReadFamily>();
  let help = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [sign, word, name = ""] = line.split(" ");
    if (sign === "#" && word === "HELP") help = name;
    else if (sign === "#" && word === "TYPE") declare(families, name, line.split(" ")[3] ?? "", help);
    else add(families, line);
  }
  for (const family of families.values()) if (family.type === "histogram") checkHistogram(family);
  return [...families.values()];
}

// Private

function declare(families: Map<string, ReadFamily>, name: string, type: string, help: string): void {
  if (!NAME.test(name) || families.has(name) || help !== name) throw new Error(`${name} is declared twice, wrongly or without help.`);
  if (!["counter", "gauge", "histogram"].includes(type)) throw new Error(`${name} has the type ${type}.`);
  families.set(name, { name, type, samples: [] });
}

function add(families: Map<string, ReadFamily>, line: string): void {
  const [, name = "", inside, text = ""] = SAMPLE.exec(line) ?? [];
  const family = [...families.values()].at(-1);
  const own = family?.type === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name;
  if (family === undefined || family.name !== own) throw new Error(`Not a sample of ${family?.name ?? "anything"}: ${line}`);
  const value = text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
  if (Number.isNaN(value) && text !== "NaN") throw new Error(`Not a number: ${line}`);
  const labels = labelsOf(inside ?? "", line);
  const key = JSON.stringify([name, labels]);
  if (family.samples.some((one) => JSON.stringify([one.name, one.labels]) === key)) throw new Error(`Twice: ${line}`);
  family.samples.push({ name, labels, value });
}

function labelsOf(inside: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let read = 0;
  for (const [whole, label = "", value = ""] of inside.matchAll(LABEL)) {
    labels[label] = value.replaceAll(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign));
    read += whole.length;
  }
  if (read !== inside.length) throw new Error(`Not labels: ${line}`);
  return labels;
}

/** Buckets grow, the last is infinity and equals the count. */
function checkHistogram({ name, samples }: ReadFamily): void {
  const hosts = Map.groupBy(samples, ({ labels }) => JSON.stringify({ ...labels, le: "" }));
  for (const [labels, of] of hosts) {
    const buckets = of.filter((sample) => sample.name === `${name}_bucket`);
    const counts = buckets.map(({ value }) => value);
    const total = of.find((sample) => sample.name === `${name}_count`)?.value;
    const grows = counts.every((count, index) => count >= (counts[index - 1] ?? 0));
    if (!grows || buckets.at(-1)?.labels["le"] !== "+Inf" || counts.at(-1) !== total) throw new Error(`${name}${labels} is no histogram.`);
  }
}
