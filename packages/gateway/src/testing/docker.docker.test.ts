/** Tests of the engine that tests start: it works, two run side by side, and nothing is left of a killed one. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { startDocker, webServer } from "./index.ts";

describe("startDocker", () => {
  it("runs two engines side by side, and leaves nothing of a killed one", async () => {
    const networks: string[] = [];
    await using one = await startDocker();
    const other = await startDocker();
    try {
      await other.image("web:1", webServer("one"));
      for (const engine of [one, other])
        networks.push((await engine.api.call<{ Id: string }>("POST", "/networks/create", { Name: "n" })).Id);
      assert.equal(bridges(networks).length, 2);
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
    assert.deepEqual(bridges(networks), []);
  });
});

function commandLines(part: string): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && commandLine(name).includes(part));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}

/** Others may run engines on this machine too. */
function bridges(networks: readonly string[]): string[] {
  const own = networks.map((id) => `br-${id.slice(0, 12)}`);
  return readdirSync("/sys/class/net").filter((name) => own.includes(name));
}
