/** docs/reference/faults.md, written from a run in which every promise was kept. Pure. */
import { cpus } from "node:os";
import type { Assessment } from "./assess.ts";
import { COLUMNS } from "./row.ts";

export function page(seed: number, rows: readonly Assessment[]): string {
  const first = rows[0]!;
  const alone = rows.filter((row) => row.cell.lost !== "none").map((row) => `- \`${row.fault}\`: ${row.cell.lost}`);
  return `# What faults cost

Written by \`npm run test:long -- faults --page\`; the figures below are one run with seed ${seed} on ${cpus().length} cores.
The short form, one strike of each kind, is part of \`npm test\`.

\`\`\`
npm run test:long -- faults [--seed N] [--only <kind>] [--minutes M]
\`\`\`

A run publishes 400 messages a second while ${first.strikes} strikes of one kind hit; three workers handle them. When and whom a strike hits, and
for how long, is drawn from the seed alone: the same seed is the same schedule. An effect is written down by a third process, not by
the worker, and a judge that knows nothing of Redis or of the library compares what was published, what had an effect and who was hit.
After every strike the group must come back to nothing pending, nothing waiting and lag 0, or the run has failed.

Without faults, \`npm run test:long -- crowd\` puts many consumers on one topic (10 groups of 50 in 5 processes, 1,000 messages a second for
a minute): every group must get every message exactly once. It tells what that costs in pick-up time, lag, connections, CPU and commands.

Lost is 0 except where Redis itself lost or deleted data. Which messages those may be is decided one by one, never by a total: from
what the deleting transaction saw, from the last fsync a trace of system calls shows, or from the moment of the cut.

${alone.join("\n")}

${table(rows)}

- **confirmed**: answered \`stored\`, or \`replicated\` in \`failover-replicated\`. **refused**: an error said that nothing was stored. **unknown**: stored
  on too few replicas. The publisher gives up after 250 ms on purpose and asks again.
- **lost**: confirmed and without any effect. **allowed**: those of them the promise table allows. **unexpected**: an effect of a message that was refused or
  never published; it is 0 everywhere.
- **duplicates**: messages with more than one effect; each of them was **in flight** at a strike, or its acknowledgement was forgotten by Redis.
- **fenced**: acknowledgements Redis refused because the lease had gone to another worker. The lease is 1.5 s in these runs.
- **first effect**, **everyone**, **lag 0**: longest time from the end of the fault to the first effect, until every worker had acknowledged
  something, and until the group held nothing.

## What each strike did

${rows.map((row) => `- \`${row.fault}\`: ${row.evidence.join("; ")}`).join("\n")}

## Negative controls

The same runs are made with workers that acknowledge before the effect, acknowledge on error, never acknowledge (\`NOACK\`), or delete
their consumer on shutdown. The judge condemns each of them in every \`npm test\`.
`;
}

// Private

function table(rows: readonly Assessment[]): string {
  const shown = COLUMNS.filter(([title]) => title !== "asked again" && title !== "strikes");
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(shown.map(([title]) => title)),
    line(shown.map(() => "---")),
    ...rows.map((row) => line(shown.map(([, value]) => value(row)))),
  ].join("\n");
}
