import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Patience } from "./patience.ts";

describe("patience", () => {
  test("runs from the first sweep after a change", () => {
    const patience = new Patience(DEFAULT_LIMITS);
    assert.equal(patience.head(1_000_000), null);
    assert.equal(patience.head(1_014_999), null);
    assert.equal(patience.head(1_015_000)?.status, 408);
    patience.changed();
    assert.equal(patience.idle(1_020_000), false);
    assert.equal(patience.idle(1_095_000), true);
  });

  test("with writing runs while something waits and nothing of it is taken", () => {
    const patience = new Patience(DEFAULT_LIMITS);
    assert.equal(patience.written(1_000_000, 500, 500), false, "it was only just given");
    assert.equal(patience.written(1_059_000, 500, 500), false);
    assert.equal(patience.written(1_059_500, 900, 800), false, "some was taken, more was given");
    assert.equal(patience.written(1_119_000, 900, 800), false);
    assert.equal(patience.written(1_119_500, 1900, 1800), true, "more was given, none was taken");
    assert.equal(patience.written(1_200_000, 1900, 0), false);
    assert.equal(patience.written(1_300_000, 2000, 100), false, "nothing had waited before");
  });

  test("with a body asks for its rate while it is wanted, not while the upstream holds it up", () => {
    const patience = new Patience(DEFAULT_LIMITS);
    const late = (from: number, to: number, bytes: number): string | undefined => {
      for (let now = from; now <= to; now += 1000) {
        patience.arrived(bytes);
        const error = patience.body(now);
        if (error !== null) return error.code;
      }
      return undefined;
    };
    patience.begun();
    assert.equal(late(1_000_000, 1_020_000, 1), undefined);
    patience.unwanted();
    assert.equal(late(1_021_000, 1_200_000, 0), undefined);
    patience.wanted();
    assert.equal(late(1_201_000, 1_210_000, 1), undefined);
    assert.equal(late(1_211_000, 1_212_000, 1), "body-too-slow");
    patience.begun();
    assert.equal(late(2_000_000, 2_100_000, 241), undefined);
  });
});
