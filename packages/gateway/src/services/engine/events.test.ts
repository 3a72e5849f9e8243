/** Tests of Docker's events: which are ours, and what they say. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { engineEvent, type RawEvent } from "./events.ts";

const ours = { "tidegate.namespace": "test", "tidegate.service": "hello" };
const event = (raw: RawEvent): ReturnType<typeof engineEvent> =>
  engineEvent({ time: 1, timeNano: 1_700_000_000_123_456_000, ...raw }, "test");

describe("engineEvent", () => {
  it("reads a container's end", () => {
    assert.deepEqual(event({ Type: "container", Action: "die", Actor: { ID: "a", Attributes: { ...ours, exitCode: "137" } } }), {
      action: "die",
      container: "a",
      labels: { ...ours, exitCode: "137" },
      exit_code: 137,
      at: 1_700_000_000_123,
    });
  });

  it("reads health, and what has no name here", () => {
    const action = (Action: string): unknown => event({ Type: "container", Action, Actor: { ID: "a", Attributes: ours } })?.action;
    assert.equal(action("health_status: unhealthy"), "health");
    assert.equal(action("rename"), "other");
    assert.equal(action("exec_start: /bin/true"), undefined);
  });

  it("knows a container on a network by its id only", () => {
    const read = event({ Type: "network", Action: "connect", Actor: { ID: "net", Attributes: { container: "a", name: "n" } } });
    assert.deepEqual([read?.action, read?.container, read?.labels], ["connect", "a", {}]);
    assert.equal(event({ Type: "network", Action: "create", Actor: { ID: "net", Attributes: {} } }), null);
  });

  it("leaves out foreign containers, but not those that ask to be adopted", () => {
    const of = (Attributes: Record<string, string>): unknown =>
      event({ Type: "container", Action: "start", Actor: { ID: "a", Attributes } });
    assert.equal(of({}), null);
    assert.equal(of({ "tidegate.namespace": "other" }), null);
    assert.notEqual(of({ "tidegate.adopt": "web" }), null);
  });
});
