import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ComponentState, ComponentStatus } from "../contract.ts";
import { Screen, type Output } from "./screen.ts";
import { tableLines } from "./table.ts";

const ROW = { topic: "identity", messages: 1234, rate: 2.04, lag: 3, retrying: 1, dead: 0 };

describe("tableLines", () => {
  it("aligns names left and numbers right", () => {
    assert.deepEqual(tableLines([ROW], 80), [
      "  topic      messages   rate/s   lag   retrying   dead",
      "  identity      1,234      2.0     3          1      0",
    ]);
  });

  it("never gets wider than the terminal", () => {
    assert.ok(tableLines([ROW], 30).every((line) => line.length < 30));
  });
});

describe("Screen", () => {
  it("redraws the table in place at a terminal, below the lines that stay", () => {
    const out = recorder(true);
    const screen = new Screen(out);
    screen.openTable();
    screen.topics([ROW]);
    out.clear();
    screen.line("hello");
    assert.ok(out.text.startsWith("\u001b[4A\u001b[0Jhello\n\n  topic"));
  });

  it("prints the table once without a terminal, after the first message", () => {
    const out = recorder(false);
    const screen = new Screen(out);
    screen.openTable();
    screen.topics([{ ...ROW, messages: 0 }]);
    assert.equal(out.text, "");
    screen.topics([ROW]);
    screen.topics([ROW]);
    assert.equal(out.text.match(/identity/g)?.length, 1);
  });

  it("tells trouble and its end once each", () => {
    const out = recorder(false);
    const screen = new Screen(out);
    for (const state of ["healthy", "unhealthy", "unhealthy", "healthy", "healthy"] as const) screen.components([component(state)]);
    assert.equal(out.text, "! redis is unhealthy: gone\n✓ redis is healthy again\n");
  });
});

function component(state: ComponentState): ComponentStatus {
  return { name: "redis", state, since: 0, restarts: 0, detail: "gone", pid: null, needs: [], essential: true };
}

function recorder(isTTY: boolean): Output & { text: string; clear(): void } {
  return {
    isTTY,
    columns: 80,
    rows: 24,
    text: "",
    write(text) {
      this.text += text;
    },
    clear() {
      this.text = "";
    },
  };
}
