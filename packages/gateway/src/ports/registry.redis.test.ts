/** Ports: given once over all instances, in agreement with the operating system, and never another than asked. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import type { EdgePort } from "../edge/switch.ts";
import { GatewayError, type GatewayErrorCode } from "../errors.ts";
import { GatewayKeys } from "../keys.ts";
import { EntityStore } from "../store/entity-store.ts";
import type { PortClaim, PortRequest } from "./ports.ts";
import { probe } from "./probe.ts";
import { PortRegistry } from "./registry.ts";

/** Below the ports of outgoing connections, which come and go. */
const FIRST = 20_000 + Math.floor(Math.random() * 8_000);
const RANGE = { from: FIRST, to: FIRST + 259 };

let redis: RedisServer;
let one: Instance;
let two: Instance;
let clock = 0;
let edge: EdgePort[] = [];

before(async () => {
  redis = await startRedis();
  [one, two] = [await Instance.open("one"), await Instance.open("two")];
});

after(async () => {
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
  await redis.stop();
});

test("two hundred claims at once over two instances: no port twice, none leaked, none of somebody else's", async () => {
  const foreign = Array.from({ length: 20 }, (_, at) => FIRST + at * 3);
  await using _ = await listenElsewhere(foreign);
  const asked = Array.from({ length: 200 }, (_, n) => {
    const host = n % 4 === 0 ? null : RANGE;
    return (n % 2 === 0 ? one : two).ports.claim([{ ...request(`load-${n}`), host }]);
  });
  const given = (await Promise.all(asked)).flat();
  const numbers = given.map(({ port }) => port);
  assert.equal(new Set(numbers).size, 200);
  assert.deepEqual(
    foreign.filter((port) => numbers.includes(port)),
    [],
  );
  for (const [n, port] of numbers.entries())
    if (n % 4 === 0) assert.ok(port >= 11_000 && port <= 65_535);
    else assert.ok(port >= RANGE.from && port <= RANGE.to);
  assert.deepEqual(
    await two.ports.list(),
    given.toSorted((a, b) => a.port - b.port),
  );
  assert.equal((await told("port_allocated")).length, 200);

  const released = await Promise.all(given.map(({ owner }, n) => (n % 2 === 0 ? two : one).ports.release(owner)));
  assert.equal(released.flat().length, 200);
  assert.deepEqual(await one.ports.list(), []);
  assert.deepEqual((await told("port_released")).toSorted(), (await told("port_allocated")).toSorted());
});

test("one port, twenty callers: one gets it, the others hear from whom it is", async () => {
  const asked = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : two).ports.claim([{ ...request(`race-${n}`), host: FIRST }]));
  const outcomes = await Promise.allSettled(asked);
  const winner = outcomes.findIndex(({ status }) => status === "fulfilled");
  const errors = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as GatewayError] : []));
  assert.equal(errors.length, 19);
  for (const { code, message } of errors)
    assert.deepEqual([code, message], ["PORT_TAKEN", `tcp/${FIRST} on 127.0.0.1 is held by race-${winner}.`]);
  await one.ports.release(`race-${winner}`);
});

test("all or none; the same owner gets what it has; addresses that do not meet share a port", async () => {
  await using _ = await listenElsewhere([FIRST + 2]);
  const several = [FIRST, FIRST + 1, FIRST + 2].map((host) => ({ ...request("web"), host }));
  await refused(one.ports.claim(several), "PORT_TAKEN", /tcp\/\d+ on 127\.0\.0\.1 is taken by node \(pid \d+\)\./);
  assert.deepEqual(await one.ports.list(), []);
  assert.equal(await probe("tcp", "127.0.0.1", FIRST), "free");

  const claims = await one.ports.claim(several.slice(0, 2));
  assert.deepEqual(await two.ports.claim(several.slice(0, 2)), claims);
  assert.deepEqual(await two.ports.claim([{ ...request("web"), host: RANGE }]), claims.slice(0, 1));
  const [both] = await one.ports.claim([{ ...request("other"), host: FIRST, bind: "127.0.0.2" }]);
  assert.equal(both?.port, FIRST);
  await one.ports.claim([{ ...request("other"), host: FIRST, protocol: "udp" }]);
  for (const bind of ["0.0.0.0", "::", "localhost", "::ffff:127.0.0.1"])
    await refused(two.ports.claim([{ ...request("third"), host: FIRST, bind }]), "PORT_TAKEN", /is held by web/);
  await refused(
    two.ports.claim([several[0], several[0]].map((wanted) => ({ ...request("twice"), host: wanted?.host ?? 0 }))),
    "PORT_TAKEN",
  );
  await one.ports.release("web", { port: FIRST, protocol: "tcp" });
  assert.deepEqual(names(await one.ports.list()), [`other ${FIRST} 127.0.0.2`, `other ${FIRST} 127.0.0.1`, `web ${FIRST + 1} 127.0.0.1`]);
  await Promise.all([one.ports.release("web"), two.ports.release("other")]);
  assert.deepEqual(await one.ports.list(), []);
});

test("bad requests name the limit", async () => {
  const cases: [Partial<PortRequest>, GatewayErrorCode, RegExp][] = [
    [{ host: 0 }, "INVALID_PORT", /from 1 to 65535, not 0/],
    [{ host: 65_536 }, "INVALID_PORT", /not 65536/],
    [{ host: 80.5 }, "INVALID_PORT", /not 80\.5/],
    [{ host: Number.NaN }, "INVALID_PORT", /not NaN/],
    [{ host: { from: 9_000, to: 8_000 } }, "INVALID_PORT", /9000–8000 runs backwards/],
    [{ host: { from: 1, to: 70_000 } }, "INVALID_PORT", /not 70000/],
    [{ host: 5432 }, "PORT_RESTRICTED", /5432 is kept/],
    [{ host: 8_090 }, "PORT_RESTRICTED", /8090 is kept/],
    [{ host: 53, protocol: "udp" }, "PORT_RESTRICTED", /53 is kept/],
    [{ host: { from: 5432, to: 5432 } }, "NO_PORT_FREE", /5432–5432 is free on 127\.0\.0\.1: 1 kept for system services/],
    [{ bind: "198.51.100.7" }, "INVALID_PORT", /no address of this machine/],
    [{ bind: "fe80::1%lo" }, "INVALID_PORT", /no address to listen on/],
    [{ bind: "nowhere" }, "INVALID_PORT", /"nowhere" is no address/],
    [{ protocol: "sctp" as "tcp" }, "INVALID_PORT", /tcp or udp, not "sctp"/],
    [{ ttl: 0 }, "INVALID_PORT", /1 to 31536000 whole seconds, not 0/],
    [{ owner: "" }, "INVALID_PORT", /owner of a port has 1 to 128/],
    [{ owner: "a\nb" }, "INVALID_PORT", /control characters/],
  ];
  for (const [part, code, words] of cases) await refused(one.ports.claim([{ ...request("bad"), ...part }]), code, words);
  await refused(one.ports.available(0), "INVALID_PORT", /1 to 64512 ports, not 0/);
  await refused(one.ports.check(-1, "127.0.0.1", "tcp"), "INVALID_PORT", /not -1/);
  await refused(one.ports.renew("nobody", 60), "UNKNOWN_PORT");
  assert.deepEqual(await one.ports.release("nobody"), []);
  assert.deepEqual(await one.ports.list(), []);
});

test("who has it: a claim, a program by its name, nobody; and which are left", async () => {
  await using child = await listenElsewhere([FIRST + 5]);
  const udp = createSocket("udp4").bind(FIRST + 6, "127.0.0.1");
  await once(udp, "listening");
  try {
    await one.ports.claim([{ ...request("web"), host: FIRST }]);
    const check = async (port: number, bind = "127.0.0.1", protocol: "tcp" | "udp" = "tcp"): Promise<[boolean, string, string | null]> => {
      const { available, holder, reason } = await two.ports.check(port, bind, protocol);
      return [available, `${holder.kind}: ${holder.who}`, reason];
    };
    assert.deepEqual(await check(FIRST, "0.0.0.0"), [false, "claim: web", "Port is already allocated to web"]);
    const node = `node (pid ${child.pid})`;
    assert.deepEqual(await check(FIRST + 5), [false, `process: ${node}`, `Port is in use by ${node}`]);
    assert.deepEqual((await check(FIRST + 6, "::", "udp"))[1], `process: Tidegate itself (pid ${process.pid})`);
    assert.deepEqual(await check(FIRST + 6), [true, "nobody: nobody", null]);
    assert.deepEqual((await check(27_017)).slice(0, 1), [false]);
    assert.equal((await check(27_017))[2], "Port is restricted by system policy");

    const left = await two.ports.available(1);
    const isLeft = (port: number): boolean => left.some(({ from, to }) => port >= from && port <= to);
    assert.deepEqual([FIRST, FIRST + 5, FIRST + 6, 27_017, 8_090].map(isLeft), [false, false, false, false, false]);
    assert.ok(isLeft(FIRST + 1) && left.every(({ from, to, count }) => count === to - from + 1 && from >= 1024 && to <= 65_535));
    assert.ok((await two.ports.available(1_000)).every(({ count }) => count >= 1_000));
  } finally {
    udp.close();
    await one.ports.release("web");
  }
});

test("where our own edge listens for a service, the service may claim and nobody else", async () => {
  await using _ = await listenElsewhere([FIRST + 7]);
  edge = [{ service: "web", name: "http", bind: "127.0.0.1", port: FIRST + 7, endpoints: [], mode: "open", hold: 30, access: null }];
  const wanted = { ...request("service:web/http"), host: FIRST + 7 };
  await refused(one.ports.claim([{ ...wanted, owner: "service:api/http" }]), "PORT_TAKEN", /taken by service:web\/http \(Tidegate's edge/);
  assert.equal((await one.ports.claim([wanted]))[0]?.port, FIRST + 7);
  edge = [];
  await one.ports.release(wanted.owner);
});

test("a lease ends by itself, is renewed while it lasts, and the leader alone sweeps it out", async () => {
  const [lease] = await one.ports.claim([{ ...request("guest"), host: FIRST, ttl: 60 }]);
  assert.equal(lease?.until, now() + 60_000);
  clock += 50_000;
  assert.equal((await two.ports.renew("guest", 60))[0]?.until, now() + 60_000);
  clock += 50_000;
  await refused(two.ports.claim([{ ...request("next"), host: FIRST }]), "PORT_TAKEN");
  clock += 10_000;
  assert.deepEqual(await one.ports.list(), []);
  await refused(one.ports.renew("guest", 60), "UNKNOWN_PORT");
  const before = (await told("port_released")).length;
  const [next] = await two.ports.claim([{ ...request("next"), host: FIRST, ttl: 1 }]);
  assert.equal(next?.owner, "next");
  assert.equal((await told("port_released")).length, before + 1, "the one that had ended is told as released");

  clock += 1_000;
  await using _sweep = await running(two);
  assert.equal((await one.stored()).length, 1, "a follower leaves it");
  await using _leader = await running(one);
  assert.equal((await one.stored()).length, 0);
  assert.equal((await told("port_released")).length, before + 2);
});

class Instance implements AsyncDisposable {
  readonly tide: Tide;
  readonly store: EntityStore;
  readonly ports: PortRegistry;

  private constructor(tide: Tide) {
    this.tide = tide;
    const vault = { check: async () => await Promise.resolve(), problem: null };
    this.store = new EntityStore({ tide: () => tide, keys: new GatewayKeys("test", ""), vault });
    this.ports = new PortRegistry({
      entities: this.store,
      tide: () => tide,
      leads: () => tide.service === "one",
      onTrouble: (_, message) => assert.fail(message),
      restricted: [8_090],
      listening: async () => await Promise.resolve(edge),
      now,
    });
  }

  static async open(service: string): Promise<Instance> {
    const instance = new Instance(await connect({ url: redis.url, namespace: "test", service, telemetry: { window: 5 } }));
    await instance.store.start();
    return instance;
  }

  async stored(): Promise<unknown[]> {
    return await this.store.table("port").list();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.stop();
    await this.tide.close();
  }
}

function now(): number {
  return 1_700_000_000_000 + clock;
}

function request(owner: string): PortRequest {
  return { owner, by: "tester", protocol: "tcp", bind: "127.0.0.1", host: null };
}

function names(claims: readonly PortClaim[]): string[] {
  return claims.map(({ owner, port, bind }) => `${owner} ${port} ${bind}`);
}

async function refused(work: Promise<unknown>, code: GatewayErrorCode, words = /./): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof GatewayError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  });
}

/** Ports of the events of a type. */
async function told(type: string): Promise<string[]> {
  const store = one.tide.store("test");
  const entries = (await store.ask(["XRANGE", "events:port:stream", "-", "+"])) as [string, string[]][];
  store.close();
  return entries.flatMap(([, fields]) => (fields.includes(type) ? [/"port":(\d+)/.exec(fields.join(" "))?.[1] ?? ""] : []));
}

async function running(instance: Instance): Promise<AsyncDisposable> {
  await instance.ports.start();
  return { [Symbol.asyncDispose]: () => instance.ports.stop() };
}

/** Another process listens there. */
async function listenElsewhere(ports: readonly number[]): Promise<AsyncDisposable & { pid: number }> {
  const program = `const net = require("node:net"); let left = ${ports.length};
    for (const port of ${JSON.stringify(ports)}) net.createServer().listen(port, "127.0.0.1", () => --left || console.log("ready"));
    process.stdin.resume().on("end", () => process.exit());`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
