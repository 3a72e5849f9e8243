/** Services on a real Docker Engine, behind a real edge worker, seen through the port that a client connects to. */
import assert from "node:assert/strict";
import { request as ask } from "node:http";
import { after, before, test } from "node:test";
import { until } from "../../../streams/src/testing/events.ts";
import { EdgeTable } from "../edge/table.ts";
import { EdgeWorker } from "../edge/worker.ts";
import { exitsAtOnce, startDocker, webServer, type DockerServer } from "../testing/index.ts";
import { ServicesBed } from "../testing/services-bed.ts";
import { Broker } from "./engine/broker.ts";
import type { ServiceManager } from "./manager.ts";
import type { ServiceData } from "./spec.ts";

const bed = new AsyncDisposableStack();
let docker: DockerServer;
let stand: ServicesBed<Broker, EdgeTable>;
let services: ServiceManager;
let other: ServiceManager;

before(async () => {
  docker = bed.use(await startDocker());
  await Promise.all([
    docker.image("web:1", webServer("one")),
    docker.image("web:2", webServer("two")),
    docker.image("web:bad", exitsAtOnce("no database", 4)),
  ]);
  const engine = new Broker({ dockerHost: docker.url, namespace: "test", contexts: docker.folder, dataFolder: docker.folder });
  stand = bed.use(await ServicesBed.open(engine, (tide, keys) => new EdgeTable({ tide: () => tide, keys })));
  const connection = { url: stand.redis.url, namespace: "test", service: "tidegate-edge" };
  const worker = new EdgeWorker({ connection, namespace: "test", prefix: "", id: "edge-1", dataFolder: docker.folder });
  bed.defer(() => worker.stop());
  await worker.start();
  [services, other] = await Promise.all([stand.started(), stand.started({ leads: false })]);
});

after(() => bed.disposeAsync());

test("a service is created and reached; a broken deploy leaves it serving; a good one switches without a failed request", async () => {
  const { service } = await services.create(web("hello", "web:1"), "ann");
  const port = portOf(service.data);
  assert.equal(await get(port), "one");
  const load = new Load(port);
  await assert.rejects(services.update("hello", { image: "web:bad" }, "ann"), {
    code: "CONTAINER_EXITED",
    message: /exit code 4.*no database/,
  });
  assert.equal(await get(port), "one");
  await other.update("hello", { image: "web:2" }, "ann");
  await until("the new one answers", async () => (await get(port)) === "two");
  const { answers, failures } = await load.stop();
  assert.deepEqual(failures, []);
  assert.ok((answers.get("one") ?? 0) > 10 && (answers.get("two") ?? 0) > 0, JSON.stringify([...answers]));
  await services.rollback("hello", "ann");
  assert.equal(await get(port), "one");
  assert.deepEqual(await engineLeaks(), []);
});

test("two processes create at once: no name and no port is given twice", async () => {
  const both = [services, other];
  const acts = Array.from({ length: 6 }, (_, at) => (both[at % 2] as ServiceManager).create(web(`many-${at >> 1}`, "web:1"), "ann"));
  const results = await Promise.allSettled(acts);
  const refused = results.filter((result) => result.status === "rejected").map(({ reason }) => (reason as { code: string }).code);
  assert.deepEqual(refused.length, 3, JSON.stringify(refused));
  assert.ok(refused.every((code) => code === "NAME_TAKEN" || code === "SERVICE_BUSY"));
  const ports = (await services.list()).map(({ data }) => portOf(data));
  assert.equal(new Set(ports).size, ports.length);
  await Promise.all(ports.map(async (port) => assert.equal(await get(port), "one")));
  await Promise.all(
    ["many-0", "many-1", "many-2"].map((name, at) => (both[at % 2] as ServiceManager).delete(name, "ann", { force: true })),
  );
  assert.deepEqual(await engineLeaks(), []);
});

test("what was running runs again after the engine was restarted, whatever its restart policy", async () => {
  const { service } = await services.create({ ...web("plain", "web:1"), restart_policy: "no" }, "ann");
  const ports = [portOf(service.data), portOf((await services.get("hello")).data)];
  await docker.restart();
  await until(
    "both answer again",
    async () => (await Promise.all(ports.map((port) => get(port).catch(() => "")))).every((text) => text === "one"),
    30_000,
  );
  await quiet("plain", "hello");
  await docker.kill();
  await docker.start();
  await until(
    "both answer again",
    async () => (await Promise.all(ports.map((port) => get(port).catch(() => "")))).every((text) => text === "one"),
    30_000,
  );
  await quiet("plain", "hello");
  assert.deepEqual(await engineLeaks(), []);
});

test("a container that is removed beside us is made again; one that ends by itself is told", async () => {
  const before = (await services.get("plain")).data;
  await docker.api.call("DELETE", `/containers/${before.container?.id}?force=1`);
  await until("it answers again", async () => (await get(portOf(before)).catch(() => "")) === "one");
  await quiet("plain");
  const { container } = (await services.get("plain")).data;
  assert.notEqual(container?.id, before.container?.id);
  await docker.api.call("POST", `/containers/${container?.id}/kill?signal=KILL`);
  await until("it has failed", async () => (await services.get("plain")).data.state === "failed");
  const { failure } = (await services.get("plain")).data;
  assert.match(failure?.message ?? "", /exit code 137/);
  await assert.rejects(get(portOf(before)));
  await services.start("plain", "ann");
  assert.equal(await get(portOf(before)), "one");
});

test("a running container with our label is adopted, reached, and deleted with force", async () => {
  const { Id } = await docker.api.call<{ Id: string }>("POST", "/containers/create?name=theirs", {
    Image: "web:2",
    StopSignal: "SIGKILL",
    Labels: { "tidegate.adopt": "theirs", "tidegate.port.http": "8080" },
    HostConfig: { NetworkMode: "tidegate-test" },
  });
  await docker.api.call("POST", `/containers/${Id}/start`);
  await until("it is adopted", async () => (await services.list()).some(({ name }) => name === "theirs"));
  const { data } = await services.get("theirs");
  await until("it is reached", async () => (await get(portOf(data)).catch(() => "")) === "two");
  await services.restart("theirs", "ann");
  assert.equal(await get(portOf(data)), "two");
  await services.delete("theirs", "ann", { force: true });
  await Promise.all(["hello", "plain"].map((name) => services.delete(name, "ann", { force: true })));
  assert.deepEqual([await docker.api.containers(), await stand.ports.list(), await stand.edge.list()], [[], [], []]);
});

function web(service_name: string, image: string): object {
  const healthcheck = { kind: "http", path: "/", interval: 1, timeout: 2, deadline: 20 };
  return { service_name, image, healthcheck, port_configs: [{ name: "http", container: 8080 }], drain_timeout: 2, stop_timeout: 1 };
}

function portOf({ ports }: ServiceData): number {
  return ports["http"]?.host ?? 0;
}

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = ask({ host: "127.0.0.1", port, path: "/", agent: false, timeout: 10_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => (response.statusCode === 200 ? resolve(text) : reject(new Error(`answered ${response.statusCode}`))));
      response.on("error", reject);
    });
    asked.on("error", reject).on("timeout", () => asked.destroy(new Error("no answer")));
    asked.end();
  });
}

/** Asks again and again, each time over a new connection. */
class Load {
  readonly #answers = new Map<string, number>();
  readonly #failures: string[] = [];
  readonly #clients: Promise<void>[];
  #over = false;

  constructor(port: number) {
    this.#clients = [this.#client(port), this.#client(port)];
  }

  async stop(): Promise<{ readonly answers: ReadonlyMap<string, number>; readonly failures: readonly string[] }> {
    this.#over = true;
    await Promise.all(this.#clients);
    return { answers: this.#answers, failures: this.#failures };
  }

  async #client(port: number): Promise<void> {
    while (!this.#over) {
      const text = await get(port).catch((error: unknown) => void this.#failures.push(String(error)));
      if (typeof text === "string") this.#answers.set(text, (this.#answers.get(text) ?? 0) + 1);
    }
  }
}

/** No operation is under way any more. */
async function quiet(...names: string[]): Promise<void> {
  const busy = async (): Promise<ServiceData[]> => (await Promise.all(names.map((name) => services.get(name)))).map(({ data }) => data);
  await until(
    "it is quiet",
    async () => (await busy()).every(({ operation, state }) => operation === null && state === "running"),
    30_000,
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(await busy())} ${stand.troubles.join("; ")}`);
  });
}

/** Containers, ports and places at the edge that no service has. */
async function engineLeaks(): Promise<string[]> {
  const all = (await services.list()).map(({ data }) => data);
  const ids = all.map(({ container }) => container?.id);
  const ports = all.map(portOf);
  return [
    ...(await docker.api.containers()).filter(({ Id }) => !ids.includes(Id)).map(({ Names }) => `container ${Names.join()}`),
    ...(await stand.ports.list()).filter(({ port }) => !ports.includes(port)).map(({ port, owner }) => `port ${port} ${owner}`),
    ...(await stand.edge.list()).filter(({ port }) => !ports.includes(port)).map(({ port, service }) => `edge ${port} ${service}`),
  ];
}
