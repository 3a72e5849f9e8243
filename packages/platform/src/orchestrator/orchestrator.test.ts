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
    assert.match(String(orchestrator.failureOf("bad")), /broken/);
    assert.equal(orchestrator.status().status, "unhealthy");
    await orchestrator.stop(1000);
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
});

function make(): Orchestrator {
  const redis = { address: "redis://x", connected: true, round_trip_ms: 1, embedded: true };
  return new Orchestrator({ version: "0", namespace: "n", redis: () => redis, onChange: () => {} });
}

function component(name: string, acts: { start?: () => unknown; stop?: () => unknown } = {}): Component {
  return {
    name,
    start: async () => void (await acts.start?.()),
    stop: async () => void (await acts.stop?.()),
    health: () => ({ healthy: true }),
  };
}
