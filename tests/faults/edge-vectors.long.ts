/**
 * `npm run test:long -- edge-vectors [--page]`: malformed and ambiguous requests to our edge, nginx, HAProxy and Caddy, each in front of an upstream
 * that writes down what arrives. `--page` writes docs/reference/edge-vectors.md from it. The short form is tests/edge/vectors.system.test.ts.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { CADDY } from "../edge/proxies/caddy.ts";
import { HAPROXY } from "../edge/proxies/haproxy.ts";
import { NGINX } from "../edge/proxies/nginx.ts";
import { startProxy, type ProxyProgram } from "../edge/proxies/proxy.ts";
import { RecordingUpstream } from "../edge/recording-upstream.ts";
import { GROUPS } from "../edge/vectors/all.ts";
import { runOurs } from "../edge/vectors/ours.ts";
import { OURS, vectorPage, type Column } from "../edge/vectors/page.ts";
import { problemsOf, runVectors } from "../edge/vectors/run.ts";

const { values } = parseArgs({ options: { page: { type: "boolean", default: false } } });
const ours = await runOurs();
const columns: Column[] = [{ name: OURS, outcomes: ours.outcomes }];
for (const program of [NGINX, HAPROXY, CADDY]) columns.push(await columnOf(program));
const vectors = GROUPS.flatMap((group) => group.vectors);
for (const { name, outcomes } of columns) {
  const different = vectors.filter((vector) => problemsOf(vector, outcomes.get(vector.id)!).length > 0);
  process.stdout.write(`${name}: ${vectors.length - different.length} of ${vectors.length} as we promise\n`);
}
const problems = [
  ...vectors.flatMap((vector) => problemsOf(vector, ours.outcomes.get(vector.id)!).map((problem) => `${vector.id}: ${problem}`)),
  ...[...ours.faults].flatMap(([id, outcome]) => outcome.problems.map((problem) => `${id}: ${problem}`)),
  ...ours.garbage.map((bytes) => `no request arrived: ${JSON.stringify(bytes.slice(0, 80))}`),
];
for (const problem of problems) process.stdout.write(`  ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
if (values.page)
  await writeFile(new URL("../../docs/reference/edge-vectors.md", import.meta.url), vectorPage(GROUPS, columns, ours.faults));

// Private

async function columnOf(program: ProxyProgram): Promise<Column> {
  await using upstream = await RecordingUpstream.start();
  await using proxy = await startProxy(program, { upstream: upstream.port });
  return { name: `${program.name} ${proxy.version}`, outcomes: await runVectors({ port: proxy.port, upstream }, GROUPS) };
}
