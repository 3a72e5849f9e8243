/** What somebody reads who uses the double without its Lua engine. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { createMemory } from "./memory.ts";

test("without wasmoon the double says what to install", async () => {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "wasmoon") throw new Error("Cannot find package 'wasmoon'");
      return next(specifier, context);
    },
  });
  try {
    await using memory = createMemory();
    await assert.rejects(memory.connect(), { code: "INVALID_CONFIG", hint: "npm install -D wasmoon", message: /wasmoon is not installed/ });
  } finally {
    hooks.deregister();
  }
});
