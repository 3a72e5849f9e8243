import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import type { ComponentState } from "../contract.ts";
import type { Component, ComponentHealth } from "./component.ts";
import { Orchestrator } from "./orchestrator.ts";
import { Runner } from "./runner.ts";

describe("Orchestrator", () => {
  it("starts in the declared order and stops in the opposite one", async () => {
    const calls: string[] = [];
    const orchestrator = make();
    for (const name of ["a", "b", "c"])
      orchestrator.add(component(name, { start: () => calls.push(`+${name}`), stop: () => calls.push(`-${name}`) }));
    await orchestrator.start();
    assert.equal(orchestrator.status().status, "healthy");
    await orchestrator.stop(1000);
    assert.deepEqual(calls, ["+a", "+b", "+c", "-c", "-b", "-a"]);
  });

  it("goes on without a component that fails, and keeps what needs it waiting", async () => {
    const orchestrator = make();
    orchestrator.add(component("bad", { start: () => assert.fail("broken") }));
    orchestrator.add(component("needy"), { needs: ["bad"] });
    orchestrator.add(component("good"));
    await orchestrator.start();
    const states = orchestrator.status().components.map(({ state }) => state);
    assert.deepEqual(states, ["failed", "waiting", "healthy"] satisfies ComponentState[]);
    assert.equal(orchestrator.status().status, "healthy", "nobody said that it is essential");
    assert.equal(orchestrator.essentialFailure(), null);
    await orchestrator.stop(1000);
  });

  it("is unhealthy without an essential component, and says why it failed", async () => {
    const orchestrator = make();
    orchestrator.add(component("base"));
    orchestrator.add(component("bad", { start: () => assert.fail("broken") }), { needs: ["base"], essential: true });
    await orchestrator.start();
    assert.equal(orchestrator.status().status, "unhealthy");
    assert.match(String(orchestrator.essentialFailure()?.error), /broken/);
    await orchestrator.stop(1000);
  });

  it("starts what is needed first whatever was declared first, independent ones at once, and stops the other way round", async () => {
    const calls: string[] = [];
    const both = Promise.withResolvers<void>();
    const orchestrator = make();
    const note = (name: string): Component => component(name, { start: () => calls.push(`+${name}`), stop: () => calls.push(`-${name}`) });
    const together = (name: string): Component => ({
      ...note(name),
      start: async () => {
        calls.push(`+${name}`);
        if (calls.includes("+left") && calls.includes("+right")) both.resolve();
        await both.promise;
      },
    });
    orchestrator.add(note("top"), { needs: ["left", "right"] });
    orchestrator.add(together("left"), { needs: ["base"] });
    orchestrator.add(together("right"), { needs: ["base"] });
    orchestrator.add(note("base"));
    await orchestrator.start();
    await orchestrator.stop(1000);
    assert.deepEqual(calls, ["+base", "+left", "+right", "+top", "-top", "-right", "-left", "-base"]);
  });

  it("refuses a circle by its names before anything starts", async () => {
    const orchestrator = make();
    orchestrator.add(component("a", { start: () => assert.fail("started") }));
    orchestrator.add(component("b"), { needs: ["c"] });
    orchestrator.add(component("c"), { needs: ["b"] });
    await assert.rejects(orchestrator.start(), { code: "START_FAILED", message: /b → c → b/ });
  });

  it("leaves behind what does not stop in time", async () => {
    const orchestrator = make();
    orchestrator.add(component("stuck", { stop: () => new Promise(() => {}) }));
    await orchestrator.start();
    await orchestrator.stop(10);
    assert.equal(orchestrator.status().components[0]?.state, "stopped");
  });
});

describe("Runner", () => {
  it("fails a start that takes too long, and tries again after a pause", async () => {
    mock.timers.enable({ apis: ["Date"] });
    let tries = 0;
    const slow: Component = {
      ...component("slow"),
      startLimit: 5,
      start: () => (++tries === 1 ? new Promise(() => {}) : Promise.resolve()),
    };
    const runner = new Runner(slow, {}, () => {});
    await runner.step(true, true);
    assert.match(runner.status().detail ?? "", /start took longer than 0.005 s/);
    await runner.step(true, true);
    assert.equal(tries, 1);
    mock.timers.tick(1000);
    await runner.step(true, true);
    assert.deepEqual([tries, runner.healthy, runner.failure], [2, true, undefined]);
    mock.timers.reset();
  });

  it("restarts what stays unhealthy, but not while what it needs is unhealthy too", async () => {
    mock.timers.enable({ apis: ["Date"] });
    let starts = 0;
    let health: ComponentHealth = { healthy: true };
    const ill: Component = { ...component("ill", { start: () => (starts += 1) }), health: () => health };
    const runner = new Runner(ill, { patience: 100 }, () => {});
    await runner.step(true, true);
    health = { healthy: false, detail: "ill" };
    await runner.step(true, true);
    mock.timers.tick(100);
    await runner.step(true, false);
    assert.equal(starts, 1);
    await runner.step(true, true);
    assert.deepEqual([starts, runner.status().restarts, runner.status().detail], [2, 1, "ill"]);
    mock.timers.reset();
  });

  it("waits twice as long before each further restart of a series", async () => {
    mock.timers.enable({ apis: ["Date"] });
    let starts = 0;
    const ill: Component = { ...component("ill", { start: () => (starts += 1) }), health: () => ({ healthy: false }) };
    const runner = new Runner(ill, { patience: 100 }, () => {});
    const after = async (ms: number): Promise<number> => {
      mock.timers.tick(ms);
      await runner.step(true, true);
      return starts;
    };
    assert.deepEqual([await after(0), await after(100), await after(100), await after(100), await after(399)], [1, 2, 2, 3, 3]);
    mock.timers.reset();
  });
});

function make(): Orchestrator {
  const redis = { address: "redis://x", connected: true, round_trip_ms: 1, embedded: true };
  const lag = { messages: 0, seconds: 0, group: null };
  return new Orchestrator({
    version: "0",
    namespace: "n",
    instance: "i",
    redis: () => redis,
    leader: () => true,
    lag: () => lag,
    edge: () => null,
    onChange: () => {},
  });
}

function component(name: string, acts: { start?: () => unknown; stop?: () => unknown } = {}): Component {
  return {
    name,
    start: async () => void (await acts.start?.()),
    stop: async () => void (await acts.stop?.()),
    health: () => ({ healthy: true }),
  };
}
