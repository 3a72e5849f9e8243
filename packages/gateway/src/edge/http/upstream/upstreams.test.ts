import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:https";
import { describe, it } from "node:test";
import { probe, until } from "../../../../../streams/src/testing/events.ts";
import { makeCertificate } from "../../../certificates/testing/certificate.ts";
import { endpointOf, ForwardBed, groupOf } from "../testing/forward-bed.ts";
import type { Endpoint } from "./endpoint.ts";
import { Upstreams } from "./upstreams.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
const HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const NONE: ReadonlySet<string> = new Set();

function answering(text: string): (socket: Socket) => void {
  return (socket) => socket.on("data", () => socket.write(text));
}

describe("connections", () => {
  it("are kept as long as the upstream says, less a second, and closed by us", async () => {
    await using bed = await ForwardBed.start();
    const closed = probe<string>();
    await bed.upstream((socket) => {
      answering(HELLO.replace("\r\n\r\n", "\r\nKeep-Alive: timeout=1\r\n\r\n"))(socket);
      socket.on("end", () => closed.add("closed"));
    });
    const before = performance.now();
    await bed.say(GET);
    await bed.say(GET);
    assert.deepEqual([bed.upstreams.totals().connections, bed.upstreams.totals().idle], [1, 1]);
    await closed.reaches(1);
    assert.ok(performance.now() - before > 450);
  });

  it("have a limit, behind which a bounded queue waits", async () => {
    await using bed = await ForwardBed.start({ upstreams: { limits: { connections: 2, waiting: 3 } } });
    const waiting = probe<Socket>();
    await bed.upstream((socket) => socket.on("data", () => waiting.add(socket)));
    const answers = Array.from({ length: 6 }, () => bed.say(GET));
    const refused = await Promise.race(answers);
    assert.match(refused, /^HTTP\/1\.1 503 /);
    assert.deepEqual([bed.upstreams.totals().connections, bed.upstreams.totals().waiting], [2, 3]);
    for (let served = 0; served < 5; served += 1) {
      await waiting.reaches(served + 1);
      waiting.seen[served]?.write(HELLO);
    }
    assert.equal((await Promise.all(answers)).filter((answer) => answer.endsWith("hello")).length, 5);
    assert.equal(bed.upstreams.totals().open, 0);
  });

  it("that are drained tell when the last request is over; those that are cut end their requests", async () => {
    const idle = probe<string>();
    await using bed = await ForwardBed.start({ upstreams: { onIdle: idle.add } });
    const asked = probe<Socket>();
    const { id } = await bed.upstream((socket) => socket.on("data", () => asked.add(socket)));
    const first = bed.say(GET);
    await asked.reaches(1);
    bed.upstreams.idle(id);
    assert.deepEqual(bed.upstreams.openCounts, { [id]: 1 });
    asked.seen[0]?.write(HELLO);
    assert.deepEqual(await idle.reaches(1), [id]);
    assert.match(await first, /hello$/);
    const second = bed.say(GET.replace("GET", "POST"));
    await asked.reaches(2);
    bed.upstreams.cut(id);
    assert.match(await second, /^HTTP\/1\.1 502 /);
    assert.deepEqual([bed.upstreams.cutCounts, bed.upstreams.openCounts], [{ [id]: 1 }, {}]);
  });

  it("of a group that no table names are closed; what is under way ends, and the group comes back as it was", async () => {
    await using bed = await ForwardBed.start();
    const asked = probe<Socket>();
    await bed.upstream((socket) => socket.on("data", () => asked.add(socket)));
    const group = bed.upstreams.group(bed.spec);
    assert.equal(bed.upstreams.group({ ...bed.spec }), group);
    const answer = bed.say(GET);
    await asked.reaches(1);
    bed.upstreams.keep(new Set());
    assert.deepEqual([bed.upstreams.totals().groups, bed.upstreams.totals().open], [0, 1]);
    assert.equal(bed.upstreams.group(bed.spec), group);
    bed.upstreams.keep(new Set());
    asked.seen[0]?.write(HELLO);
    assert.match(await answer, /hello$/);
    assert.equal(bed.upstreams.totals().connections, 0);
  });

  it("to https are checked, by the target's authority and name, and resumed", async () => {
    await using bed = await ForwardBed.start();
    const issuer = await makeCertificate({ names: ["test authority"], ca: true });
    const { certificate: cert, key } = await makeCertificate({ names: ["backend.example"], issuer });
    const ca = issuer.certificate;
    const seen: boolean[] = [];
    const server = createTlsServer({ cert, key }, (request, response) => {
      seen.push((request.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
      response.setHeader("Connection", "close").end("hello");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const endpoint = { ...bed.uses(server), secure: true };
    const spec = (tls: object) =>
      groupOf([endpoint], { tls: { ca: null, server_name: null, insecure: false, ...tls }, balance: { policy: "p2c", retries: 0 } });
    bed.spec = spec({});
    assert.match(await bed.say(GET), /^HTTP\/1\.1 502 /);
    assert.match(bed.records.at(-1)?.error ?? "", /TLS failed/);
    bed.spec = spec({ ca, server_name: "other.example" });
    assert.match(await bed.say(GET), /^HTTP\/1\.1 502 /);
    bed.spec = spec({ ca, server_name: "backend.example" });
    for (let turn = 0; turn < 2; turn += 1) assert.match(await bed.say(GET), /hello/);
    bed.spec = spec({ insecure: true });
    assert.match(await bed.say(GET), /hello/);
    assert.deepEqual(seen, [false, true, false]);
  });
});

describe("an endpoint that is cut", () => {
  it("loses what it was asked, and what only waited goes to another", async () => {
    await using bed = await ForwardBed.start({ upstreams: { limits: { connections: 1 } } });
    const asked = probe<Socket>();
    const first = await bed.upstream((socket) => socket.on("data", () => asked.add(socket)));
    await bed.upstream(answering(HELLO), true);
    const both = groupOf(bed.spec.endpoints, { balance: { policy: "cookie", retries: 0 } });
    bed.spec = both;
    const sticky = `Cookie: tidegate-upstream=${bed.upstreams.group(both).endpoints[0]?.cookie}\r\n\r\nbody`;
    const post = GET.replace("GET", "POST").replace("\r\n\r\n", `\r\nContent-Length: 4\r\n${sticky}`);
    const one = bed.say(post);
    await asked.reaches(1);
    const two = bed.say(post);
    await until("waiting", async () => bed.upstreams.totals().waiting === 1);
    bed.upstreams.cut(first.id);
    assert.match(await one, /^HTTP\/1\.1 502 /);
    assert.match(await two, /^HTTP\/1\.1 200 /);
    assert.equal(asked.seen.length, 1);
  });
});

describe("a group", () => {
  const endpoints = [1, 2, 3].map((port) => endpointOf(port));

  function picked(upstreams: Upstreams, policy: "p2c" | "round_robin" | "least_connections", times: number): Map<string, number> {
    const group = upstreams.group(groupOf(endpoints, { balance: { policy, retries: 2 } }));
    const counts = new Map<string, number>();
    for (let nth = 0; nth < times; nth += 1) {
      const endpoint = group.pick(NONE, null);
      endpoint?.enter();
      counts.set(endpoint?.spec.id ?? "", (counts.get(endpoint?.spec.id ?? "") ?? 0) + 1);
    }
    return counts;
  }

  it("shares requests out evenly, whatever the policy", () => {
    const upstreams = new Upstreams();
    for (const policy of ["p2c", "round_robin", "least_connections"] as const)
      for (const count of picked(upstreams, policy, 300).values()) assert.ok(count >= 90 && count <= 110, `${policy}: ${count}`);
  });

  it("leaves out who failed three times in a row, never the last one", () => {
    const group = new Upstreams().group(groupOf(endpoints));
    const [one, two, three] = group.endpoints as [Endpoint, Endpoint, Endpoint];
    const now = performance.now();
    one.health.failed(now, "refused");
    one.health.failed(now, "refused");
    one.health.succeeded();
    one.health.failed(now, "refused");
    assert.ok(one.health.isIn(now));
    for (const endpoint of [one, two]) for (let nth = 0; nth < 3; nth += 1) endpoint.health.failed(now, "refused");
    assert.deepEqual(
      [one, two, three].map(({ health }) => health.isIn(now)),
      [false, false, true],
    );
    assert.ok(one.health.isIn(now + 10_001));
    for (let nth = 0; nth < 20; nth += 1) assert.equal(group.pick(NONE, null), three);
    assert.ok([one, two].includes(group.pick(new Set([three.spec.id]), null) as Endpoint));
    for (let nth = 0; nth < 3; nth += 1) three.health.failed(now, "refused");
    assert.notEqual(group.pick(NONE, null), null);
  });

  it("asks its endpoints where it is told to, and leaves out who answers wrongly until it does not", async () => {
    await using bed = await ForwardBed.start();
    const answers = { status: 200 };
    const [good, bad] = await Promise.all(
      [() => 200, () => answers.status].map(async (status) => {
        const server = createServer((request, response) => response.writeHead(request.url === "/up" ? status() : 404).end());
        await once(server.listen(0, "127.0.0.1"), "listening");
        return bed.uses(server);
      }),
    );
    const health = { path: "/up", interval: 0.02, timeout: 1, passes: 2, fails: 2, status: null };
    const spec = groupOf([good, bad] as never, { health });
    const group = bed.upstreams.group(spec);
    answers.status = 500;
    await until("down", async () => bed.upstreams.failing().length > 0);
    assert.deepEqual(bed.upstreams.failing(), [{ group: spec, endpoint: bad, asked: false, why: "GET /up: status 500" }]);
    for (let nth = 0; nth < 20; nth += 1) assert.equal(group.pick(NONE, null)?.spec, good);
    answers.status = 204;
    await until("in again", async () => bed.upstreams.failing().length === 0);
  });
});

describe("a name", () => {
  it("is resolved once for a while, all its addresses are tried, and those of the machine's provider never", async () => {
    const { Names } = await import("./names.ts");
    let asked = 0;
    const lookup = (host: string, _options: object, done: (error: null, addresses: object[]) => void): void => {
      asked += 1;
      const addresses = host === "evil" ? ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"] : ["127.0.0.2", "127.0.0.1"];
      setImmediate(
        done,
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    };
    await using bed = await ForwardBed.start({ upstreams: { names: new Names(lookup as never) } });
    const server = createTcpServer((socket) => socket.once("data", () => socket.end(HELLO)).on("error", () => {}));
    await once(server.listen(0, "127.0.0.1"), "listening");
    bed.uses(server);
    const { port } = server.address() as AddressInfo;
    bed.spec = groupOf([endpointOf(port, "backend")]);
    const answers = await Promise.all([bed.say(GET), bed.say(GET)]);
    assert.ok(
      answers.every((answer) => answer.endsWith("hello")),
      answers[0],
    );
    assert.equal(asked, 1);
    bed.spec = groupOf([endpointOf(port, "evil")], { balance: { policy: "p2c", retries: 0 } });
    assert.match(await bed.say(GET), /^HTTP\/1\.1 502 /);
    assert.match(bed.records.at(-1)?.error ?? "", /link-local or metadata/);
  });
});
