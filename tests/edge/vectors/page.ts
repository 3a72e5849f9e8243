/** docs/reference/edge-vectors.md, written from one run; our column is compared with every later run. Pure. */
import { UPSTREAM_FAULTS } from "../upstreams/faults.ts";
import type { FaultOutcome } from "../upstreams/run.ts";
import { contentProblems, type Outcome } from "./run.ts";
import type { Group, Vector } from "./vector.ts";

export interface Column {
  readonly name: string;
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

export const OURS = "Tidegate";

export function vectorPage(groups: readonly Group[], columns: readonly Column[], faults: ReadonlyMap<string, FaultOutcome>): string {
  const count = groups.reduce((sum, { vectors }) => sum + vectors.length, 0);
  return `# What the edge does with malformed and ambiguous requests

Written by \`npm run test:long -- edge-vectors --page\`: ${count} requests as raw bytes, sent to the edge of a running \`tidegate up\` and to other
proxies on the same machine, each in front of an upstream of its own that writes down every byte it gets. \`npm test\` sends them to the edge
again, checks that each promise is kept, and compares the outcome with the column here.

- A cell holds the statuses of the answers, then what the upstream saw: \`→ 1\` is one whole request. *cut* is a connection closed without an
  answer, *waits* one where neither came within three seconds.
- **hidden**: a request that stood in the body of another arrived as one of its own. Where two programs in a row disagree on it, that is request smuggling.
- **forged**: a field by which the client says that it is somebody else arrived, in one spelling or another.
- **odd**: what arrived has two framings, a control character, or not one Host.
- **as it was**: a path that was not normalised, or a field that was for one hop only, went on to the upstream.
- The others have one worker and reuse connections to the upstream, and are otherwise as they come. nginx sets the usual \`X-Forwarded-*\`, HAProxy
  \`option forwardfor\`. Each of them can be told to be stricter in many of these cases; RFC 9112 allows many of the answers that differ from ours.

${groups.map((group) => section(group, columns)).join("\n\n")}

## Upstreams that misbehave

What a client of our edge sees of an upstream that …, with 600 ms to answer. *cut*: the client can tell that the answer is not whole.
After each of them the next request gets its own answer. *asked* is how often the upstream saw the request: once, but for a GET that got not a byte of
an answer; that is sent again, as often as the target's \`balance.retries\` allow.

${UPSTREAM_FAULTS.map(([title, rows]) => `### ${title}\n\n${faultTable(rows, faults)}`).join("\n\n")}
`;
}

/** As it stands in a cell. */
export function cell(vector: Vector, { answers, arrived, hidden }: Outcome): string {
  const statuses = answers.map((answer) => (answer === "silence" ? "waits" : String(answer))).join(" ");
  const fields = arrived.flatMap((one) => [...one.fields, ...one.trailers]);
  const notes = [
    ...(hidden > 0 ? ["hidden"] : []),
    ...(fields.some((field) => /forged|6\.6\.6\.6/.test(field)) ? ["forged"] : []),
    ...(arrived.some((one) => one.oddities.length > 0) ? ["odd"] : []),
    ...(arrived[0] === undefined || contentProblems(vector, arrived[0]).length === 0 ? [] : ["as it was"]),
  ];
  return [`${statuses}${arrived.length > 0 ? ` → ${arrived.length}` : ""}`, ...notes.map((note) => `**${note}**`)].join(", ");
}

/** Our cells of a written page, by what stands in front of them. */
export function oursOf(page: string): Map<string, string> {
  const rows = [...page.matchAll(/^\| (.+?) \| (.+?) \|/gm)].map(([, what, ours]): [string, string] => [what!, ours!]);
  return new Map(rows);
}

/** How a row of the page begins. */
export function escaped(what: string): string {
  return what.replaceAll("|", "\\|").replaceAll("*", "\\*");
}

// Private

function section({ title, vectors }: Group, columns: readonly Column[]): string {
  const head = ["a request with …", ...columns.map(({ name }) => name)];
  const rows = vectors.map((vector) => [escaped(vector.what), ...columns.map(({ outcomes }) => cell(vector, outcomes.get(vector.id)!))]);
  return `## ${title}\n\n${table(head, rows)}`;
}

function faultTable(rows: (typeof UPSTREAM_FAULTS)[number][1], faults: ReadonlyMap<string, FaultOutcome>): string {
  return table(
    ["an upstream that …", "the client sees", "asked"],
    rows.map(({ id, what }) => [escaped(what), String(faults.get(id)!.seen), String(faults.get(id)!.asked)]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
