/** The promises of docs/reference/edge-vectors.md, kept by the edge of a running product. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, test } from "node:test";
import { UPSTREAM_FAULTS } from "./upstreams/faults.ts";
import { GROUPS } from "./vectors/all.ts";
import { cell, escaped, oursOf } from "./vectors/page.ts";
import { problemsOf } from "./vectors/run.ts";
import { runOurs, type OurRun } from "./vectors/ours.ts";

describe("the edge and bytes that nobody should send", () => {
  let run: OurRun;
  before(async () => {
    run = await runOurs();
  });

  test("malformed and ambiguous requests are refused, and nothing of them arrives that could hurt", () => {
    const problems = GROUPS.flatMap(({ vectors }) =>
      vectors.flatMap((vector) => problemsOf(vector, run.outcomes.get(vector.id)!).map((problem) => `${vector.id}: ${problem}`)),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(run.garbage, []);
  });

  test("upstreams that misbehave give the right status or a clean cut, and nothing to the next request", () => {
    const problems = [...run.faults].flatMap(([id, outcome]) => outcome.problems.map((problem) => `${id}: ${problem}`));
    assert.deepEqual(problems, []);
  });

  test("docs/reference/edge-vectors.md says what happens", async () => {
    const page = oursOf(await readFile(new URL("../../docs/reference/edge-vectors.md", import.meta.url), "utf8"));
    for (const vector of GROUPS.flatMap(({ vectors }) => vectors))
      assert.equal(
        page.get(escaped(vector.what)),
        cell(vector, run.outcomes.get(vector.id)!),
        `${vector.id}; npm run test:long -- edge-vectors --page`,
      );
    const certain = UPSTREAM_FAULTS.flatMap(([, faults]) => faults).filter(({ ours }) => ours.length === 1);
    for (const { id, what } of certain)
      assert.equal(page.get(escaped(what)), String(run.faults.get(id)!.seen), `${id}; npm run test:long -- edge-vectors --page`);
  });
});
