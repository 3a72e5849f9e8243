/** Tests of the builder's words: whole lines, without colours and bars, and one line about a failure. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BuildLog, type BuildWord } from "./build-log.ts";

function read(words: readonly BuildWord[]): { readonly log: BuildLog; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const log = new BuildLog((line) => lines.push(line));
  for (const word of words) log.read(word);
  log.end();
  return { log, lines };
}

describe("BuildLog", () => {
  it("makes lines of pieces, without colours, bars and progress", () => {
    const { log, lines } = read([
      { stream: "Step 1/2 : FROM web:1" },
      { stream: "\n" },
      { stream: " ---> 123\n" },
      { status: "Pulling from library/web", id: "1" },
      { status: "Downloading", id: "abc", progress: "[=>  ]" },
      { stream: "Step 2/2 : RUN make\n" },
      { stream: "\u001b[32mgreen\u001b[0m one\ntw" },
      { stream: "o\n10 %\r50 %\r100 %\n" },
      { aux: { ID: "sha256:1" } },
      { stream: "the end" },
    ]);
    assert.deepEqual(lines, [
      "Step 1/2 : FROM web:1",
      " ---> 123",
      "1: Pulling from library/web",
      "Step 2/2 : RUN make",
      "green one",
      "two",
      "100 %",
      "the end",
    ]);
    assert.deepEqual([log.image, log.error], ["sha256:1", null]);
  });

  it("says in one line which step failed, and what it said last", () => {
    const { log } = read([
      { stream: "Step 1/2 : FROM web:1\n" },
      { stream: "Step 2/2 : RUN make\n" },
      { stream: "no rule to\nmake target\n" },
      { stream: "Removing intermediate container 12\n" },
      { error: "The command '/bin/sh -c make'\nreturned a non-zero code: 2" },
    ]);
    assert.equal(
      log.failure(),
      `step 2/2 (RUN make) failed: The command '/bin/sh -c make' returned a non-zero code: 2; last output: "make target"`,
    );
  });
});
