/** Tests of the broker on a real Docker Engine: what it makes is the template and nothing else, everything may be asked twice, and it lives through restarts. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createSocket } from "node:dgram";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { probe, until } from "../../../../streams/src/testing/events.ts";
import { exitsAtOnce, neverHealthy, startDocker, webServer, type DockerServer } from "../../testing/index.ts";
import { checkSpec } from "../check-spec.ts";
import { Broker } from "./broker.ts";
import type { ContainerRequest, ContainerState, EngineEvent, LogLine } from "./engine.ts";

let docker: DockerServer;
let broker: Broker;
const signal = new AbortController().signal;
const quiet = (): void => {};

before(async () => {
  docker = await startDocker();
  mkdirSync(join(docker.folder, "contexts"));
  broker = another();
  await Promise.all([
    docker.image("web:1", webServer("one")),
    docker.image("exits:1", exitsAtOnce("no database", 4)),
    docker.image("never:1", neverHealthy()),
  ]);
});
after(() => docker.stop());

function another(): Broker {
  return new Broker({
    dockerHost: docker.url,
    namespace: "test",
    contexts: join(docker.folder, "contexts"),
    dataFolder: join(docker.folder, "own"),
  });
}

function request(service: string, fields: object = {}, more: Partial<ContainerRequest> = {}): ContainerRequest {
  const { spec } = checkSpec({
    service_name: service,
    image: "web:1",
    memory_limit: "32m",
    stop_timeout: 1,
    restart_policy: "no",
    ...fields,
  });
  return { service, generation: 1, image: spec.image ?? "", spec, environment: spec.environment, publish: [], ...more };
}

/** Runs until it ends; answers what it wrote. */
async function output(service: string, script: string, fields: object = {}): Promise<LogLine[]> {
  const { id } = await broker.createContainer(request(service, { command: ["/bin/sh", "-c", script], ...fields }));
  await broker.start(id);
  const lines = await Array.fromAsync(broker.logs(id, { tail: 100, follow: true }, signal));
  await broker.remove(id);
  return lines;
}

describe("the broker", () => {
  it("says what the engine is, and makes one network however many ask at once", async () => {
    const infos = await Promise.all([broker, another(), another(), another()].map((one) => one.info()));
    const [info] = infos;
    assert.deepEqual([info?.rootless, info?.reach], [false, "network"]);
    assert.match(info?.api_version ?? "", /^1\.\d+$/);
    const networks = await docker.api.call<{ Name: string; Labels: object }[]>("GET", "/networks");
    const own = networks.filter(({ Name }) => Name.startsWith("tidegate"));
    assert.deepEqual(
      own.map(({ Name, Labels }) => [Name, Labels]),
      [["tidegate-test", { "tidegate.namespace": "test" }]],
    );
  });

  it("makes a container that is the template, field by field", async () => {
    const made = await broker.createContainer(
      request("field", {
        labels: { team: "blue" },
        volumes: ["data:/data", "conf:/conf:ro"],
        cpu_limit: 0.5,
        user: "1000:1000",
        environment: { A: "1=2" },
      }),
    );
    const {
      HostConfig: host,
      Config: config,
      Name,
      NetworkSettings: network,
    } = await docker.api.call<Inspected>("GET", `/containers/${made.id}/json`);
    assert.equal(Name, "/tidegate-test-field-1");
    assert.deepEqual(Object.keys(network.Networks), ["tidegate-test"]);
    assert.deepEqual(pick(config, CONFIG), {
      ...CONFIG,
      Env: ["A=1=2", "PATH=/bin"],
      Labels: { team: "blue", "tidegate.namespace": "test", "tidegate.service": "field", "tidegate.generation": "1" },
    });
    const mounts = (host["Mounts"] as { Type: string; Source: string; Target: string }[]).map(({ Type, Source, Target }) => [
      Type,
      Source,
      Target,
    ]);
    assert.deepEqual(mounts, [
      ["volume", "tidegate-test-field.data", "/data"],
      ["volume", "tidegate-test-field.conf", "/conf"],
    ]);
    assert.deepEqual(pick(host, HOST), HOST);
    await broker.remove(made.id);
    await broker.removeVolumes("field");
    assert.deepEqual((await docker.api.call<{ Volumes: unknown }>("GET", "/volumes")).Volumes, []);
  });

  it("runs a program without privileges, on a root it cannot write to", async () => {
    const script = "cat /proc/self/status; touch /x; touch /tmp/x && echo wrote; id -u";
    const lines = (await output("caged", script)).map(({ text }) => text);
    const status = (name: string): string => /\t(.*)/.exec(lines.find((line) => line.startsWith(`${name}:`)) ?? "")?.[1] ?? "";
    assert.equal(status("NoNewPrivs"), "1");
    // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, KILL 5, SETGID 6, SETUID 7, NET_BIND_SERVICE 10
    assert.equal(status("CapBnd"), "00000000000004eb");
    assert.ok(lines.includes("wrote") && lines.some((line) => /Read-only file system/.test(line)), lines.join("\n"));
    const other = (await output("caged", "id -u; cat /proc/self/status", { user: "1000" })).map(({ text }) => text);
    assert.equal(other[0], "1000");
    assert.ok(other.includes("CapBnd:\t0000000000000000"));
  });

  it("starts, reaches, measures, follows and stops a container, each as often as it is asked", async () => {
    const asked = request("life");
    const [one, two] = await Promise.all([broker.createContainer(asked), another().createContainer(asked)]);
    assert.deepEqual([one.status, one.id], ["created", two.id]);
    await broker.start(one.id);
    const running = await broker.start(one.id);
    const { host, port } = running.addresses.get(8080) ?? { host: "", port: 0 };
    let said = "";
    const asks = async (): Promise<string> => await (await fetch(`http://${host}:${port}/`)).text();
    await until("it listens", async () => (said = await asks().catch(() => "")) !== "");
    assert.equal(said, "one");
    const stats = await broker.stats(one.id);
    assert.ok(stats.memory_usage > 0 && stats.pids > 0 && stats.memory_limit === 32 * 1024 * 1024, JSON.stringify(stats));
    assert.deepEqual(
      (await broker.list("life")).map(({ id }) => id),
      [one.id],
    );
    await Promise.all([broker.stop(one.id, 1), broker.stop(one.id, 1)]);
    assert.equal((await broker.inspect(one.id))?.status, "exited");
    await Promise.all([broker.remove(one.id), broker.remove(one.id)]);
    await broker.stop(one.id, 1);
    assert.equal(await broker.inspect(one.id), null);
  });

  it("tells how a container ended, what its own check says, and what it wrote", async () => {
    const { id } = await broker.createContainer(request("ends", { image: "exits:1" }));
    await broker.start(id);
    const lines = await Array.fromAsync(broker.logs(id, { tail: 10, follow: true }, signal));
    assert.deepEqual(
      lines.map(({ stream, text }) => [stream, text]),
      [["stderr", "no database"]],
    );
    assert.ok(Math.abs((lines[0]?.at ?? 0) - Date.now()) < 60_000);
    let state: ContainerState | null = null;
    await until("it has ended", async () => (state = await broker.inspect(id))?.status === "exited");
    assert.deepEqual([(state as ContainerState | null)?.exit_code, (state as ContainerState | null)?.addresses.size], [4, 0]);
    const sick = await broker.createContainer(request("sick", { image: "never:1" }));
    assert.equal((await broker.start(sick.id)).health, "starting");
    await until("it is unhealthy", async () => (await broker.inspect(sick.id))?.health === "unhealthy");
    const stop = new AbortController();
    const follow = Array.fromAsync(broker.logs(sick.id, { tail: 0, follow: true }, stop.signal));
    stop.abort();
    await follow;
    await Promise.all([broker.remove(id), broker.remove(sick.id)]);
  });

  it("says what is wrong with an image, a command, a name, a network and a port", async () => {
    const refuse = async (asked: ContainerRequest, code: string, message: RegExp): Promise<void> => {
      const attempt = async (): Promise<unknown> => {
        const { id } = await broker.createContainer(asked);
        return broker.start(id).finally(() => broker.remove(id));
      };
      await assert.rejects(attempt(), { code, message });
    };
    await assert.rejects(broker.ensureImage("none:1", "never", quiet, signal), { code: "IMAGE_NOT_FOUND", message: /pull is never/ });
    await refuse(request("wrong", {}, { image: "none:1" }), "IMAGE_NOT_FOUND", /none:1/);
    await refuse(request("wrong", { user: "nobody-here" }), "CONTAINER_EXITED", /nobody-here/);
    assert.match(
      (await output("wrong", "", { command: ["/nothing"] })).map(({ text }) => text).join(),
      /exec \/nothing failed: No such file/,
    );
    await docker.api.call("POST", "/networks/create", { Name: "foreign" });
    await refuse(request("wrong", { networks: ["foreign"] }), "OPTION_REFUSED", /foreign/);
    await refuse(request("wrong", { networks: ["absent"] }), "OPTION_REFUSED", /no such network/);
    await docker.api.call("POST", "/containers/create?name=tidegate-test-wrong-1", { Image: "web:1" });
    await refuse(request("wrong"), "NAME_TAKEN", /tidegate-test-wrong-1/);
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const publish = [{ container: 53, host: socket.address().port, bind: "127.0.0.1", protocol: "udp" }] as const;
    await refuse(request("taken", {}, { publish }), "PORT_TAKEN", /in use|allocated/);
    socket.close();
  });

  it("joins a network that was made for it, under the service's name", async () => {
    await docker.api.call("POST", "/networks/create", { Name: "back", Labels: { "tidegate.namespace": "test" } });
    const { id } = await broker.createContainer(request("joins", { networks: ["back"] }));
    const { NetworkSettings } = await docker.api.call<Inspected>("GET", `/containers/${id}/json`);
    assert.deepEqual(Object.keys(NetworkSettings.Networks).sort(), ["back", "tidegate-test"]);
    for (const { Aliases } of Object.values(NetworkSettings.Networks)) assert.ok(Aliases?.includes("joins"));
    await broker.remove(id);
  });

  it("reaches containers of an engine it speaks TCP with by ports", async () => {
    const front = createServer((client) => {
      const engine = connect(docker.socket);
      client.on("error", quiet).pipe(engine).on("error", quiet).pipe(client);
    }).listen(0, "127.0.0.1");
    await once(front, "listening");
    const { port } = front.address() as AddressInfo;
    const far = new Broker({
      dockerHost: `tcp://127.0.0.1:${port}`,
      namespace: "test",
      contexts: docker.folder,
      dataFolder: docker.folder,
    });
    assert.equal((await far.info()).reach, "published");
    const { id } = await far.createContainer(request("far"));
    const address = (await far.start(id)).addresses.get(8080);
    assert.equal(address?.host, "127.0.0.1");
    assert.equal(await (await fetch(`http://127.0.0.1:${address.port}/`)).text(), "one");
    await far.remove(id);
    front.close();
  });

  it("knows those that ask to be adopted, and leaves the others alone", async () => {
    const create = (name: string, Labels: object): Promise<{ Id: string }> =>
      docker.api.call("POST", `/containers/create?name=${name}`, { Image: "web:1", Labels });
    const { Id } = await create("old", { "tidegate.adopt": "old", "tidegate.port.http": "8080:18080" });
    await create("foreign", {});
    assert.deepEqual(
      (await broker.list()).map(({ id }) => id),
      [Id],
    );
    await broker.remove(Id);
  });

  it("builds from a folder and from a text, says which step fails, and removes only its own images", async () => {
    const folder = join(docker.folder, "contexts", "app");
    mkdirSync(folder);
    writeFileSync(join(folder, "index.html"), "built");
    writeFileSync(join(folder, "Dockerfile"), "FROM web:1\nARG NAME=x\nCOPY index.html /www/index.html\nRUN echo hello $NAME\n");
    const lines: string[] = [];
    const build = { context: "app", dockerfile: "Dockerfile", inline: false, args: { NAME: "you" } };
    const id = await broker.build("built", 1, build, (line) => lines.push(line), signal);
    assert.ok(lines.includes("hello you") && lines.some((line) => line.startsWith("Step 1/4")), lines.join("\n"));
    const inline = (text: string, generation: number): Promise<string> =>
      broker.build("built", generation, { context: null, dockerfile: text, inline: true, args: {} }, quiet, signal);
    await inline("FROM web:1\nENV A=1\n", 2);
    await assert.rejects(inline("FROM web:1\nRUN echo oh no; exit 3\n", 3), {
      code: "BUILD_FAILED",
      message: /step 2\/2 \(RUN echo oh no; exit 3\).*code: 3.*"oh no"/,
    });
    await assert.rejects(inline("FROM\n", 3), { code: "BUILD_FAILED" });
    await assert.rejects(inline("FROM web:1\nCOPY nothing /x\n", 3), { code: "BUILD_FAILED", message: /nothing/ });
    const stop = new AbortController();
    const slow = { context: null, dockerfile: "FROM web:1\nRUN echo begun; sleep 600\n", inline: true, args: {} };
    await assert.rejects(
      broker.build("built", 4, slow, (line) => line === "begun" && stop.abort(new Error("enough")), stop.signal),
      { message: "enough" },
    );
    await broker.removeImages("built", [id]);
    const tags = (await docker.api.call<{ RepoTags: string[] | null }[]>("GET", "/images/json")).flatMap(({ RepoTags }) => RepoTags ?? []);
    assert.deepEqual(
      tags.filter((tag) => tag.startsWith("tidegate/")),
      ["tidegate/test/built:1"],
    );
    assert.ok(tags.includes("web:1"));
  });

  it("follows what happens over a restart of the engine, and fails in time while it is away", async () => {
    const stop = new AbortController();
    const [events, gaps] = [probe<EngineEvent>(), probe<null>()];
    const following = broker.follow(events.add, () => gaps.add(null), stop.signal);
    await gaps.reaches(1);
    const { id } = await broker.createContainer(request("events"));
    await broker.start(id);
    await until("it is told", async () => events.seen.some(({ action, container }) => action === "start" && container === id));
    await docker.kill();
    await assert.rejects(broker.list(), { code: "DOCKER_UNREACHABLE" });
    await docker.start();
    await gaps.reaches(2);
    await broker.remove(id);
    await until("its end is told", async () => events.seen.some(({ action, container }) => action === "destroy" && container === id));
    stop.abort();
    await following;
  });
});

interface Inspected {
  readonly Name: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly Aliases: readonly string[] | null }>> };
}

function pick(from: Readonly<Record<string, unknown>>, wanted: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, from[name]]));
}

const CONFIG = {
  Image: "web:1",
  User: "1000:1000",
  Cmd: ["/bin/httpd", "-f", "-p", "8080", "-h", "/www"],
  Entrypoint: null,
  Env: [],
  Labels: {},
  ExposedPorts: { "8080/tcp": {} },
  StopTimeout: 1,
  Tty: false,
  OpenStdin: false,
};

const HOST = {
  Memory: 32 * 1024 * 1024,
  MemorySwap: 32 * 1024 * 1024,
  NanoCpus: 500_000_000,
  PidsLimit: 256,
  RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
  ReadonlyRootfs: true,
  Tmpfs: { "/tmp": "rw,nosuid,nodev,size=64m", "/run": "rw,nosuid,nodev,size=16m" },
  Init: true,
  LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
  NetworkMode: "tidegate-test",
  CapDrop: ["ALL"],
  CapAdd: [],
  SecurityOpt: ["no-new-privileges"],
  IpcMode: "private",
  Privileged: false,
  PublishAllPorts: false,
  PortBindings: {},
  Binds: null,
  VolumesFrom: null,
  VolumeDriver: "",
  PidMode: "",
  UTSMode: "",
  UsernsMode: "",
  CgroupParent: "",
  Devices: null,
  DeviceRequests: null,
  DeviceCgroupRules: null,
  ExtraHosts: null,
  GroupAdd: null,
  Links: null,
  Dns: null,
  Ulimits: null,
  OomScoreAdj: 0,
  OomKillDisable: false,
  Runtime: "runc",
  Isolation: "",
  AutoRemove: false,
  MaskedPaths: [
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
  ],
};
