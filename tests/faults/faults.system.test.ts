/** Short form, every kind with one strike; the full one is `npm run test:long -- faults`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAULTS } from "./catalogue.ts";
import { line } from "./row.ts";
import { runFault } from "./run.ts";
import { Seed } from "./seed.ts";

const seed = Seed.fromEnvironment().value;

/** Runs mostly wait for leases and restarts, so some of them fit beside each other. */
test(`each fault costs what its cell of the promise table says, seed ${seed}`, { timeout: 170_000, concurrency: 3 }, async (context) => {
  await Promise.all(
    FAULTS.map((fault) =>
      context.test(fault.name, { timeout: 90_000 }, async (kind) => {
        const missing = fault.missing?.() ?? null;
        if (missing !== null && process.env["CI"] !== "true") return kind.skip(missing);
        assert.equal(missing, null);
        const row = await runFault(fault, { seed, strikes: 1, gap: 200, longest: 2_200, report: (text) => kind.diagnostic(text) });
        kind.diagnostic(line(row));
        for (const evidence of row.evidence) kind.diagnostic(evidence);
        assert.deepEqual(row.problems, []);
      }),
    ),
  );
});
