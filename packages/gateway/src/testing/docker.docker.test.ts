/** Tests of the engine that tests start: it works, two run side by side, and nothing is left of a killed one. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { startDocker, webServer } from "./index.ts";

describe("startDocker", () => {
  it("runs two engines side by side, and leaves nothing of a killed one", async () => {
    const before = bridges();
    await using one = await startDocker();
    const other = await startDocker();
    try {
      await other.image("web:1", webServer("one"));
      await other.api.call("POST", "/networks/create", { Name: "n" });
      await one.api.call("POST", "/networks/create", { Name: "n" });
      const { Id } = await other.api.call<{ Id: string }>("POST", "/containers/create", {
        Image: "web:1",
        HostConfig: { NetworkMode: "n" },
      });
      await other.api.call("POST", `/containers/${Id}/start`);
      assert.deepEqual(await one.api.containers(), []);
      assert.equal((await other.api.containers())[0]?.State, "running");
      await other.kill();
    } finally {
      await other.stop();
    }
    assert.equal(existsSync(other.folder), false);
    assert.deepEqual(commandLines(other.folder), []);
    assert.equal(readFileSync("/proc/self/mountinfo", "utf8").includes(other.folder), false);
    await one.restart();
    assert.equal(await one.api.call("GET", "/_ping"), "OK");
    await one.stop();
    assert.deepEqual(bridges(), before);
  });
});

function commandLines(part: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`));
  return pids.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(part));
}

function bridges(): string[] {
  return readdirSync("/sys/class/net").filter((name) => name.startsWith("br-"));
}
