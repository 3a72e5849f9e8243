/** A service that is made with a host name: the target comes and goes with it, whatever fails or dies meanwhile. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../../../streams/src/testing/events.ts";
import type { TargetData } from "../routes/spec.ts";
import type { Table } from "../store/entities.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";
import { MemorySwitch } from "../testing/memory-switch.ts";
import { ServicesBed } from "../testing/services-bed.ts";
import type { ServiceManager } from "./manager.ts";

const bed = new AsyncDisposableStack();
const engine = new MemoryEngine();
let stand: ServicesBed<MemoryEngine, MemorySwitch>;
let services: ServiceManager;
let targets: Table<TargetData>;

before(async () => {
  bed.defer(() => engine.close());
  stand = bed.use(await ServicesBed.open(engine, () => new MemorySwitch()));
  services = await stand.started();
  targets = stand.entities.table("target");
});

after(() => bed.disposeAsync());

test("the target is made with the service, in its trace and for its owner, and goes with it", async () => {
  await services.create(request("web", "good:1"), "ann", { autoProxy: "WEB.localhost" });
  const made = await targets.get("web.localhost");
  assert.deepEqual(made?.data.upstream, { kind: "service", service: "web", port: null });
  assert.equal(made?.data.owner, "ann");
  const [first] = await targets.revisions("web.localhost");
  assert.deepEqual([first?.change, first?.trace], ["created", (await services.revisions("web"))[0]?.trace]);
  await services.delete("web", "ann", { force: true });
  assert.equal(await targets.get("web.localhost"), null);
  assert.deepEqual(await proxyEvents("web.localhost"), ["proxy_created", "proxy_deleted"]);
});

test("a host that is taken or is none, and a service without a TCP port, are refused before anything is made", async () => {
  await services.create(request("first", "good:1"), "ann", { autoProxy: "taken.localhost" });
  const udp = { ...request("second", "good:1"), healthcheck: undefined, port_configs: [{ name: "dns", container: 53, protocol: "udp" }] };
  const cases = [
    [request("second", "good:1"), "taken.localhost", "NAME_TAKEN", /target "taken\.localhost" exists/],
    [request("second", "good:1"), "http://x", "INVALID_NAME", /http:\/\/x/],
    [udp, "udp.localhost", "INVALID_SPEC", /no TCP port/],
  ] as const;
  for (const [spec, autoProxy, code, message] of cases)
    await assert.rejects(services.create(spec, "ben", { autoProxy }), { code, message });
  await assert.rejects(services.create(request("first", "good:1"), "ben", { autoProxy: "other.localhost" }), { code: "NAME_TAKEN" });
  assert.deepEqual([...(await names()).services, ...(await names()).targets], ["first", "taken.localhost"]);
  assert.deepEqual(await services.revisions("second"), []);
  await services.delete("first", "ann", { force: true });
});

test("a creation that fails takes its target along; one that leads elsewhere or belongs to others by then stays", async () => {
  await assert.rejects(services.create(request("sick", "sick:1"), "ann", { autoProxy: "sick.localhost" }), { code: "PROBE_FAILED" });
  assert.deepEqual(await names(), { services: [], targets: [] });
  for (const change of [{ upstream: { kind: "url", urls: ["http://127.0.0.1:1"] } }, { owner: "ben" }] as const) {
    await services.create(request("moved", "good:1"), "ann", { autoProxy: "moved.localhost" });
    await targets.update("moved.localhost", "ben", (data) => ({ data: { ...data, ...change } }));
    await services.delete("moved", "ann", { force: true });
    const left = await targets.get("moved.localhost");
    assert.ok(left !== null, JSON.stringify(change));
    await targets.remove(left, "ben");
  }
  await services.create(request("edited", "good:1"), "ann", { autoProxy: "edited.localhost" });
  await targets.update("edited.localhost", "ben", (data) => ({ data: { ...data, description: "by hand" } }));
  await services.delete("edited", "ann", { force: true });
  assert.equal(await targets.get("edited.localhost"), null);
});

test("whenever its process dies, service and target end up both there or both gone", async () => {
  const acts = Array.from({ length: 26 }, async (_, calls) => {
    const mortal = stand.manager({ dies: calls, leads: false, leaseTtl: 800 });
    const options = { autoProxy: `crash-${calls}.localhost` };
    await mortal.create(request(`crash-${calls}`, calls % 2 === 0 ? "good:1" : "sick:1"), "ann", options);
  });
  await Promise.allSettled(acts);
  await quiet();
  const made = await names();
  assert.deepEqual(made.targets, made.services.map((name) => `${name}.localhost`).toSorted());
  assert.ok(made.services.length > 5 && made.services.length < 26, String(made.services.length));
  const ends = made.services.map((name, at) =>
    stand.manager({ dies: at * 2, leads: false, leaseTtl: 800 }).delete(name, "ann", { force: true }),
  );
  await Promise.allSettled(ends);
  await quiet();
  const left = await names();
  assert.deepEqual(left.targets, left.services.map((name) => `${name}.localhost`).toSorted());
  assert.ok(left.services.length < made.services.length);
});

// Helpers

async function names(): Promise<{ services: string[]; targets: string[] }> {
  return { services: (await services.list()).map(({ name }) => name), targets: (await targets.list()).map(({ name }) => name) };
}

async function quiet(): Promise<void> {
  await until("every operation is over", async () => (await services.list()).every(({ data }) => data.operation === null), 20_000);
}

async function proxyEvents(host: string): Promise<string[]> {
  const entries = (await stand.tide.store("look").ask(["XRANGE", "events:proxy:stream", "-", "+"])) as [string, string[]][];
  return entries
    .filter(([, fields]) => fields.join(" ").includes(host))
    .map(([, fields]) => fields[fields.indexOf("event_type") + 1] ?? "");
}

function request(service_name: string, image: string): object {
  const healthcheck = { kind: "tcp", interval: 0.1, timeout: 1, deadline: 1 };
  return { service_name, image, healthcheck, port_configs: [{ name: "http", container: 8080 }], drain_timeout: 0, stop_timeout: 1 };
}
