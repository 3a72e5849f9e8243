/** Services over a real store and real ports, with an engine and an edge in this process: every act, and every moment to die in. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../../streams/src/testing/events.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";
import { MemorySwitch } from "../testing/memory-switch.ts";
import { ServicesBed } from "../testing/services-bed.ts";
import type { ServiceManager } from "./manager.ts";
import type { ServiceData } from "./spec.ts";

const engine = new MemoryEngine();
const bed = new AsyncDisposableStack();
let stand: ServicesBed<MemoryEngine, MemorySwitch>;
let services: ServiceManager;
const NEVER = new AbortController().signal;

before(async () => {
  bed.defer(() => engine.close());
  stand = bed.use(await ServicesBed.open(engine, () => new MemorySwitch()));
  services = await stand.started();
});

after(() => bed.disposeAsync());

test("a service is created, healthy, switched to, and deleted without a trace left but its own", async () => {
  const { service, operation } = await services.create(request("web", "good:1", { TOKEN: "s3cret-value" }), "ann");
  assert.deepEqual([service.data.state, service.data.operation, operation.kind], ["running", null, "create"]);
  assert.deepEqual(leaks(await situation()), []);
  assert.equal(JSON.stringify(service).includes("s3cret"), false);
  await assert.rejects(services.create(request("web", "good:1"), "ben"), { code: "NAME_TAKEN" });
  await assert.rejects(services.delete("web", "ann"), { code: "SERVICE_RUNNING" });
  await services.delete("web", "ann", { force: true });
  await assert.rejects(services.get("web"), { code: "UNKNOWN_SERVICE" });
  assert.deepEqual(await situation(), { services: new Map(), containers: [], claims: [], edge: [] });
  const past = await services.revisions("web");
  const trace = await tracesOf(past[0]?.trace ?? "");
  assert.deepEqual(trace, ["service.delete", "close", "look", "drain", "stop", "remove", "release", "images"]);
});

test("what never becomes healthy leaves nothing behind and says why in one line, without its secrets", async () => {
  const cases = [
    ["missing:1", "IMAGE_NOT_FOUND", /no image missing:1/],
    ["sick:1", "PROBE_FAILED", /not healthy within 1 s: port 8080: nothing listens there; its last line: token is \*\*\*/],
    ["dying:1", "CONTAINER_EXITED", /ended \(exit code 3\)/],
  ] as const;
  for (const [image, code, message] of cases) {
    await assert.rejects(services.create(request("bad", image, { TOKEN: "s3cret-value" }), "ann"), { code, message });
  }
  await assert.rejects(
    services.create({ ...request("bad", "good:1"), port_configs: [{ name: "http", container: 80, host: stand.redis.port }] }, "ann"),
    {
      code: "PORT_TAKEN",
    },
  );
  assert.deepEqual(leaks(await situation()), []);
  const failures = await eventsOf("service_failed", "bad");
  assert.deepEqual(
    failures.map(({ stage }) => stage),
    ["image", "probe", "probe", "ports"],
  );
  assert.equal(JSON.stringify(failures).includes("s3cret"), false);
});

test("a deploy takes over from the old container; a broken one leaves it serving; the earlier one comes back in one call", async () => {
  await services.create(request("shop", "good:1"), "ann");
  const first = (await services.get("shop")).data;
  await assert.rejects(services.update("shop", { image: "sick:2" }, "ben"), { code: "PROBE_FAILED" });
  const kept = (await services.get("shop")).data;
  assert.deepEqual(
    [kept.state, kept.container?.id, kept.failure?.stage, kept.spec.image],
    ["running", first.container?.id, "probe", "good:1"],
  );
  const { service } = await services.update("shop", { image: "good:2" }, "ben");
  const { container, previous, failure, ports } = service.data;
  assert.deepEqual([previous?.spec.image, failure, ports["http"]?.host], ["good:1", null, first.ports["http"]?.host]);
  const after = stand.edge.told.slice(-3);
  assert.deepEqual(after.slice(-2), [`open shop/http → ${container?.id}`, `drain ${first.container?.id}`]);
  const back = (await services.rollback("shop", "ben")).service.data;
  assert.deepEqual([back.spec.image, back.container?.image_id, back.previous?.spec.image], ["good:1", "sha256:good:1", "good:2"]);
  const again = (await services.restart("shop", "ben")).service.data;
  assert.notEqual(again.container?.id, back.container?.id);
  assert.deepEqual(leaks(await situation()), []);
  await services.create(request("plain", "good:1"), "ann");
  await assert.rejects(services.rollback("plain", "ann"), { code: "NOTHING_TO_ROLL_BACK" });
});

test("with recreate one comes after the other, connections wait, and a failure brings the old one back", async () => {
  await services.create({ ...request("single", "good:1"), strategy: "recreate" }, "ann");
  const { container } = (await services.get("single")).data;
  stand.edge.told.length = 0;
  await assert.rejects(services.update("single", { image: "sick:2" }, "ann"), { code: "PROBE_FAILED" });
  const kept = (await services.get("single")).data;
  assert.deepEqual([kept.state, kept.container?.id], ["running", container?.id]);
  assert.deepEqual(stand.edge.told, [
    `paused single/http → ${container?.id}`,
    `drain ${container?.id}`,
    `open single/http → ${container?.id}`,
  ]);
  await services.update("single", { image: "good:2" }, "ann");
  assert.deepEqual(leaks(await situation()), []);
});

test("stopped, started, paused and resumed; and one act at a time", async () => {
  await services.create(request("job", "good:1"), "ann");
  const { data } = (await services.stop("job", "ann")).service;
  assert.deepEqual([data.state, data.desired, data.container?.address], ["stopped", "stopped", null]);
  await assert.rejects(services.stop("job", "ann"), { code: "SERVICE_STATE" });
  const changed = (await services.update("job", { image: "good:2" }, "ann")).service.data;
  assert.equal(changed.state, "stopped");
  const started = (await services.start("job", "ann")).service.data;
  assert.deepEqual([started.state, started.container?.id], ["running", changed.container?.id]);
  assert.equal((await services.pause("job", "ann", 5)).data.state, "paused");
  assert.equal((await services.update("job", { image: "good:3" }, "ann")).service.data.state, "paused");
  assert.equal([...stand.edge.entries.values()].find(({ service }) => service === "job")?.mode, "paused");
  assert.equal((await services.resume("job", "ann")).data.state, "running");
  const { operation } = (await services.update("job", { image: "good:4" }, "ann", { wait: false })).service.data;
  assert.equal(operation?.kind, "update");
  await assert.rejects(services.restart("job", "ben"), { code: "SERVICE_BUSY", message: /update by ann, since 20/ });
  await until("the update is done", async () => (await services.get("job")).data.operation === null);
  assert.deepEqual(leaks(await situation()), []);
});

test("whenever a process dies, another one finishes what it had begun, or undoes it", async () => {
  const names: string[] = [];
  const acts = Array.from({ length: 26 }, async (_, calls) => {
    const name = `crash-${calls}`;
    names.push(name);
    const mortal = stand.manager({ dies: calls, leads: false, leaseTtl: 800 });
    await assert.rejects(mortal.create(request(name, calls % 2 === 0 ? "good:1" : "sick:1"), "ann"));
  });
  await Promise.all(acts.map((act) => act.catch(() => {})));
  await settled(names);
  const { services: left } = await situation();
  assert.deepEqual(leaks(await situation()), []);
  assert.equal([...left].filter(([name, { state }]) => name.startsWith("crash-") && state !== "running").length, 0);
  assert.ok(names.some((name) => left.has(name)) && names.some((name) => !left.has(name)));
});

test("a deploy that dies anywhere ends with one container serving", async () => {
  const names = Array.from({ length: 30 }, (_, calls) => `moved-${calls}`);
  await Promise.all(names.map((name) => services.create(request(name, "good:1"), "ann")));
  const acts = names.map(async (name, calls) => {
    const mortal = stand.manager({ dies: calls + 1, leads: false, leaseTtl: 800 });
    await mortal.update(
      name,
      { image: calls % 2 === 0 ? "good:2" : "sick:2", ...(calls % 3 === 0 ? { strategy: "recreate" } : {}) },
      "ann",
    );
  });
  await Promise.all(acts.map((act) => act.catch(() => {})));
  await settled(names);
  assert.deepEqual(leaks(await situation()), []);
  const { services: all } = await situation();
  for (const [at, name] of names.entries()) {
    assert.equal(all.get(name)?.state, "running", name);
    if (at % 2 === 1) assert.equal(all.get(name)?.spec.image, "good:1", name);
  }
  const deletions = names.map((name, calls) =>
    stand.manager({ dies: calls, leads: false, leaseTtl: 800 }).delete(name, "ann", { force: true }),
  );
  await Promise.all(deletions.map((act) => act.catch(() => {})));
  await settled(names);
  assert.deepEqual(leaks(await situation()), []);
});

test("a process that is told to stop leaves what it does to another one, at once", async () => {
  const leaving = await stand.started({ leads: false });
  const creating = leaving.create(request("handed", "sick:1"), "ann");
  await until("it is under way", async () => [...engine.containers.values()].some(({ state: { name } }) => name === "handed-1"));
  await Promise.all([assert.rejects(creating, { code: "SERVICE_BUSY", message: /goes on in another/ }), leaving.part.stop(NEVER)]);
  await settled(["handed"]);
  assert.equal(
    (await services.list()).some(({ name }) => name === "handed"),
    false,
  );
  assert.deepEqual(leaks(await situation()), []);
  const traces = (await services.revisions("handed")).map(({ trace }) => trace);
  const spans = await tracesOf(traces[0] ?? "");
  assert.deepEqual([spans[0], spans.filter((name) => name === "service.create").length], ["service.create", 2]);
});

test("what happens to containers beside us becomes state, and is mended where it should run", async () => {
  await services.create(request("seen", "good:1"), "ann");
  const id = (await services.get("seen")).data.container?.id ?? "";
  engine.dies(id, 7);
  await state("seen", "failed");
  const { failure, desired } = (await services.get("seen")).data;
  assert.deepEqual([failure?.stage, failure?.code, desired], ["run", "CONTAINER_EXITED", "running"]);
  assert.match(failure?.message ?? "", /exit code 7/);
  assert.deepEqual(leaks(await situation()), []);
  await engine.start(id);
  await state("seen", "running");
  engine.restart();
  await until("it was started again", async () => engine.containers.get(id)?.state.status === "running");
  await state("seen", "running");
  await engine.remove(id);
  await until("a new container serves", async () => {
    const { container, state: now, operation } = (await services.get("seen")).data;
    return container !== null && container.id !== id && now === "running" && operation === null;
  });
  assert.deepEqual(leaks(await situation()), []);
  const told = (await Promise.all(["service_failed", "service_started"].map((type) => eventsOf(type, "seen")))).map(({ length }) => length);
  // With the engine's restart its end is told only where the feed was faster.
  assert.ok(told[0] === 2 || told[0] === 3, String(told));
  assert.equal(told[1], 4);
});

test("a running container with our label is adopted, and replaced by one of ours when it is updated", async () => {
  const { id } = await engine.foreign("their-db", { "tidegate.adopt": "db", "tidegate.port.main": "80" });
  await state("db", "running");
  const { origin, container, ports } = (await services.get("db")).data;
  assert.deepEqual([origin, container?.id, Object.keys(ports)], ["adopted", id, ["main"]]);
  assert.equal((await services.restart("db", "ann")).service.data.container?.id, id);
  const { data } = (await services.update("db", { image: "good:2", healthcheck: { deadline: 1 } }, "ann")).service;
  assert.deepEqual([data.origin, engine.containers.has(id), data.ports], ["created", false, ports]);
  await services.delete("db", "ann", { force: true });
});

test("what nobody is responsible for is found and taken away, but not what the store never knew", async () => {
  const orphan = await engine.createContainer({
    service: "unheard",
    generation: 1,
    image: "sha256:good:1",
    spec: (await services.get("seen")).data.spec,
    environment: {},
    publish: [],
  });
  const known = await engine.createContainer({
    service: "seen",
    generation: 99,
    image: "sha256:good:1",
    spec: (await services.get("seen")).data.spec,
    environment: {},
    publish: [],
  });
  await stand.ports.claim([{ owner: "service:gone/http", by: "ann", protocol: "tcp", bind: "127.0.0.1", host: null }]);
  await stand.started();
  await until(
    "the leader has looked around",
    async () => !engine.containers.has(known.id) && (await stand.ports.list({ owner: "service:gone/http" })).length === 0,
  );
  const would = await services.cleanUp("ann", { dryRun: true });
  assert.deepEqual([would.containers.map(({ id }) => id), engine.containers.has(orphan.id)], [[orphan.id], true]);
  assert.equal((await services.cleanUp("ann", { dryRun: false })).containers.length, 1);
  assert.deepEqual(leaks(await situation()), []);
});

test("without an engine lists answer, creating says what is missing, and an operation waits for one that is restarted", async () => {
  engine.away = true;
  await assert.rejects(services.create(request("later", "good:1"), "ann"), { code: "DOCKER_UNREACHABLE" });
  assert.match(services.engine().problem ?? "", /does not answer/);
  assert.equal(services.part.health().healthy, true);
  assert.ok((await services.list()).length > 0);
  engine.away = false;
  const creating = services.create(request("later", "good:1"), "ann");
  await until("it is noted down", async () => (await services.list()).some(({ name }) => name === "later"));
  engine.away = true;
  const back = pause(500).then(() => (engine.away = false));
  assert.equal((await creating).service.data.state, "running");
  await back;
});

test("external services have a name and a URL, and share names with the others", async () => {
  const { external } = services;
  await assert.rejects(external.register("api", { url: "https://ann:pw@example.com" }, "ann"), { code: "INVALID_SPEC" });
  await assert.rejects(external.register("api", { url: "file:///etc/passwd" }, "ann"), { code: "INVALID_SPEC" });
  await assert.rejects(external.register("seen", { url: "https://example.com" }, "ann"), { code: "NAME_TAKEN" });
  const made = await external.register("api", { url: "https://example.com", description: "theirs" }, "ann");
  await assert.rejects(services.create(request("api", "good:1"), "ann"), { code: "NAME_TAKEN" });
  assert.deepEqual((await external.update("api", { url: "tcp://example.com:5432" }, "ann")).data, {
    ...made.data,
    url: "tcp://example.com:5432",
  });
  assert.deepEqual(
    (await services.unified("external")).map(({ name, url }) => [name, url]),
    [["api", "tcp://example.com:5432"]],
  );
  await external.remove("api", "ann");
});

async function state(name: string, wanted: ServiceData["state"]): Promise<void> {
  const is = async (): Promise<ServiceData | undefined> => (await services.list()).find((service) => service.name === name)?.data;
  await until(`${name} is ${wanted}`, async () => {
    const data = await is();
    return data?.state === wanted && data.operation === null;
  }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(await is())} ${stand.troubles.join("; ")}`);
  });
}

function request(service_name: string, image: string, secret_environment: Record<string, string> = {}): object {
  const healthcheck = { kind: "tcp", interval: 0.1, timeout: 1, deadline: 1 };
  return {
    service_name,
    image,
    healthcheck,
    port_configs: [{ name: "http", container: 8080 }],
    drain_timeout: 0,
    stop_timeout: 1,
    secret_environment,
  };
}

interface Situation {
  readonly services: ReadonlyMap<string, ServiceData>;
  /** `<service> <id>` */
  readonly containers: readonly string[];
  readonly claims: readonly string[];
  readonly edge: readonly string[];
}

async function situation(): Promise<Situation> {
  const list = await services.list();
  return {
    services: new Map(list.map(({ name, data }) => [name, data])),
    containers: [...engine.containers.values()].map(({ state }) => `${state.labels["tidegate.service"]} ${state.id}`).toSorted(),
    claims: (await stand.ports.list()).map(({ owner, port }) => `${owner} ${port}`).toSorted(),
    edge: (await stand.edge.list())
      .map(({ service, port, endpoints }) => `${service} ${port} ${endpoints.map(({ id }) => id).join()}`)
      .toSorted(),
  };
}

/** What is there and should not be, or the other way round. */
function leaks({ services: all, containers, claims, edge }: Situation): string[] {
  const wanted = [...all].flatMap(([name, { container, ports, state }]) => {
    const at = Object.entries(ports).flatMap(([port, { host }]) => [
      `port service:${name}/${port} ${host}`,
      `edge ${name} ${host} ${state === "running" ? container?.id : ""}`,
    ]);
    return [...(container === null ? [] : [`container ${name} ${container.id}`]), ...at];
  });
  const found = [
    ...containers.map((one) => `container ${one}`),
    ...claims.map((one) => `port ${one}`),
    ...edge.map((one) => `edge ${one}`),
  ];
  return [
    ...wanted.filter((one) => !found.includes(one)).map((one) => `missing: ${one}`),
    ...found.filter((one) => !wanted.includes(one)).map((one) => `left: ${one}`),
  ];
}

async function tracesOf(traceId: string): Promise<string[]> {
  await stand.tide.flush();
  const trace = await stand.tide.traces.get(traceId);
  return trace?.records.map(({ name }) => name) ?? [];
}

/** No operation is left on them. */
async function settled(names: readonly string[]): Promise<void> {
  const busy = async (): Promise<ServiceData[]> =>
    (await services.list()).filter(({ name, data }) => names.includes(name) && data.operation !== null).map(({ data }) => data);
  await until("every operation is over", async () => (await busy()).length === 0, 20_000).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify((await busy())[0])} ${stand.troubles.join("; ")}`);
  });
}

async function eventsOf(type: string, service: string): Promise<Record<string, unknown>[]> {
  const reply = await stand.tide.store("look").ask(["XRANGE", "events:service:stream", "-", "+"]);
  const entries = (reply as [string, string[]][]).map(([, fields]) => Object.fromEntries(pairs(fields)));
  const all = entries
    .filter((entry) => entry["event_type"] === type)
    .map((entry) => JSON.parse(entry["data"] ?? "{}") as Record<string, unknown>);
  return all.filter((data) => data["service"] === service);
}

function pairs(fields: readonly string[]): [string, string][] {
  return Array.from({ length: fields.length / 2 }, (_, at) => [String(fields[2 * at]), String(fields[2 * at + 1])]);
}
