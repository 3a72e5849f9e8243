import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryLimit, redisConf } from "./settings.ts";

describe("redisConf", () => {
  it("quotes a folder with blanks and quotes", () => {
    const text = redisConf({ port: 1, password: "p", folder: '/my "data"', maxMemory: 5 });
    assert.match(text, /^dir "\/my \\"data\\""$/m);
    assert.match(text, /^maxmemory 5$/m);
  });
});

describe("memoryLimit", () => {
  const GIB = 1024 ** 3;
  it("is a quarter of the memory, of the container's where that is less, and never above 2 GiB", () => {
    assert.equal(memoryLimit(4 * GIB, 0), GIB);
    assert.equal(memoryLimit(64 * GIB, 0), 2 * GIB);
    assert.equal(memoryLimit(64 * GIB, GIB), GIB / 4);
  });
});
