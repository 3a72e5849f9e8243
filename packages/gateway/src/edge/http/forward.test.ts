import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request as ask, type IncomingMessage } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { brotliDecompressSync, createBrotliDecompress, createGunzip, gunzipSync } from "node:zlib";
import { probe, until } from "../../../../streams/src/testing/events.ts";
import { endpointOf, ForwardBed, groupOf, readAll } from "./testing/forward-bed.ts";
import { targetOf } from "./testing/plan.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";
const HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKS = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";

function body(answer: string): string {
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}

function status(answer: string): number {
  return Number(answer.slice(9, 12));
}

/** Answers each request of a connection; requests are told apart by their heads, bodies are thrown away. */
function answering(text: string, seen: (head: string) => void = () => {}): (socket: Socket) => void {
  return (socket) => {
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      if (!/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(chunk)) return;
      seen(chunk);
      socket.write(text, "latin1");
    });
  };
}

describe("an answer", () => {
  for (const [name, text] of Object.entries({ counted: HELLO, chunked: CHUNKS, "until the end": "HTTP/1.0 200 OK\r\n\r\nhello" }))
    it(`that is ${name} and comes byte by byte is passed on whole`, async () => {
      await using bed = await ForwardBed.start();
      await bed.upstream((socket) => {
        socket.once("data", async () => {
          for (const byte of text) {
            socket.write(byte, "latin1");
            await new Promise(setImmediate);
          }
          if (text.startsWith("HTTP/1.0")) socket.end();
        });
      });
      const answer = await bed.say(GET);
      assert.equal(status(answer), 200);
      assert.match(body(answer), /^(?:hello|(?:[1-5]\r\n[helo]{1,5}\r\n)+0\r\n\r\n)$/);
      assert.equal(bed.records[0]?.bytesOut, 5);
    });

  it("that breaks the grammar is a 502, and its connection is not used again", async () => {
    await using bed = await ForwardBed.start();
    const broken = [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
      "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
      "HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/2 200 OK\r\n\r\n",
      "SSH-2.0-OpenSSH_9.9\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
      `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`,
      "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(65),
    ];
    for (const text of broken) {
      let asked = 0;
      await bed.upstream(answering(text, () => (asked += 1)));
      const answer = await bed.say(GET);
      assert.match(answer, /(?:^|\r\n\r\n)HTTP\/1\.1 502 /, text.slice(0, 60));
      assert.equal(bed.records.at(-1)?.reason, "upstream_invalid");
      assert.equal(asked, 1, text.slice(0, 60));
      assert.equal(bed.upstreams.totals().connections, 0);
    }
  });

  it("followed by more bytes is passed on without them, and its connection is not used again", async () => {
    await using bed = await ForwardBed.start();
    await bed.upstream(answering(`${HELLO}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`));
    for (let turn = 1; turn <= 2; turn += 1) assert.equal(body(await bed.say(GET)), "hello");
    assert.equal(bed.upstreams.totals().connections, 0);
  });

  it("that ends early, at whatever byte, never looks whole", async () => {
    await using bed = await ForwardBed.start();
    for (const text of [HELLO, CHUNKS])
      for (const ending of ["end", "resetAndDestroy"] as const) {
        let at = 0;
        await bed.upstream((socket) => socket.once("data", () => socket.write(text.slice(0, at), "latin1", () => socket[ending]())));
        for (at = 0; at < text.length; at += 1) {
          const socket = bed.client();
          socket.write(POST);
          const answer = await readAll(socket);
          const told = at < text.indexOf("\r\n\r\n") + 4;
          if (told || answer !== "") assert.ok(status(answer) === 502 || !told, `${at}: ${answer}`);
          if (!told && status(answer) !== 502) assert.ok(!answer.endsWith("hello") && !answer.endsWith("0\r\n\r\n"), `${at}: ${answer}`);
        }
      }
    assert.equal(bed.forwarder.size, 0);
    assert.deepEqual(bed.upstreams.totals(), { ...bed.upstreams.totals(), open: 0, connections: 0 });
  });

  it("passes early hints on, keeps 100 for itself, and loses what is of the hop", async () => {
    await using bed = await ForwardBed.start();
    const hints = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    const fields = "Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=9\r\nAlt-Svc: h3\r\nX-Kept: 1\r\n";
    await bed.upstream(answering(`${hints}HTTP/1.1 204 No Content\r\n${fields}\r\n`));
    const answer = await bed.say(GET);
    assert.match(answer, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>\r\n\r\nHTTP\/1\.1 204 No Content\r\n/);
    assert.match(answer, /X-Kept: 1/);
    assert.doesNotMatch(answer, /X-Mine|Keep-Alive|Alt-Svc|100 Continue/i);
  });

  it("to HEAD says its length and has no body", async () => {
    await using bed = await ForwardBed.start();
    await bed.upstream(answering("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"));
    assert.match(await bed.say(GET.replace("GET", "HEAD")), /content-length: 5000\r\n(?:.+\r\n)*\r\n$/i);
    assert.equal(bed.upstreams.totals().idle, 1);
  });

  it("of an event stream comes event by event, and may be silent", async () => {
    await using bed = await ForwardBed.start();
    let upstream: Socket | null = null;
    await bed.upstream((socket) => {
      socket.once("data", (head: Buffer) => {
        if (head.includes("GET /silent ")) return;
        upstream = socket;
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
      });
    });
    bed.plan = { timeouts: { connect: 1_000, response: 40, idle: 40 }, target: targetOf({ compression: true }) };
    const events = probe<string>();
    const client = bed.client().setEncoding("latin1").on("data", events.add);
    client.write(GET.replace("Connection: close", "Accept-Encoding: gzip"));
    await events.reaches(1);
    for (let event = 1; event <= 3; event += 1) {
      (upstream as unknown as Socket).write(`data: ${event}\n\n`);
      await events.reaches(event + 1);
      assert.equal(events.seen.at(-1), `9\r\ndata: ${event}\n\n\r\n`);
      // Silent as long, and ended for it.
      assert.equal(status(await bed.say(GET.replace("/", "/silent"))), 504);
    }
    assert.equal(bed.forwarder.size, 1);
  });
});

describe("a request", () => {
  it("that a kept connection swallowed is sent once more where that is safe, and never where its body was sent", async () => {
    await using bed = await ForwardBed.start();
    const seen: string[] = [];
    // Answers the first request of each connection and closes it at the second, as servers do whose patience is over.
    await bed.upstream((socket) => {
      let served = 0;
      socket.setEncoding("latin1").on("data", (chunk: string) => {
        seen.push(chunk.slice(0, chunk.indexOf(" ")));
        served += 1;
        if (served === 1) socket.write(HELLO);
        else socket.resetAndDestroy();
      });
    });
    assert.equal(status(await bed.say(GET)), 200);
    assert.equal(status(await bed.say(GET)), 200);
    assert.equal(bed.records.at(-1)?.attempts, 2);
    assert.equal(status(await bed.say(POST)), 502);
    assert.deepEqual([bed.records.at(-1)?.attempts, bed.records.at(-1)?.reason], [1, "upstream_broke"]);
    assert.deepEqual(seen, ["GET", "GET", "GET", "POST"]);
    assert.equal(bed.over, 3);
  });

  it("is asked again only where not a byte was answered", async () => {
    await using bed = await ForwardBed.start();
    const cases = [
      ["", GET, 3],
      ["", POST, 1],
      ["HTTP/1.1 200 OK\r\nX-A: b", GET, 1],
      ["HTTP/1.1 103 Early Hints\r\n\r\n", GET, 1],
      ["H", GET, 1],
    ] as const;
    for (const [text, request, wanted] of cases) {
      let asked = 0;
      await bed.upstream((socket) => {
        socket.once("data", () => {
          asked += 1;
          socket.end(text);
        });
      });
      assert.match(await bed.say(request), /(?:^|\r\n\r\n)HTTP\/1\.1 502 [^]*upstream_broke/);
      assert.deepEqual([asked, bed.records.at(-1)?.attempts], [wanted, wanted], JSON.stringify(text));
    }
  });

  it("goes to another endpoint where one refuses, body and all, and is counted", async () => {
    await using bed = await ForwardBed.start();
    const closed = endpointOf(await freePort());
    const open = await bed.upstream(answering(HELLO));
    bed.spec = groupOf(
      [closed, closed, closed, open].map((endpoint, at) => ({ ...endpoint, id: `e${at}` })),
      { balance: { policy: "round_robin", retries: 0 } },
    );
    for (let turn = 0; turn < 4; turn += 1) assert.equal(status(await bed.say(POST)), 200);
    assert.ok(bed.records.some(({ attempts }) => attempts > 1));
    assert.equal(bed.records.at(-1)?.endpoint, "e3");
  });

  it("is refused with the reason: 502 where nobody listens, 503 where nobody is, 504 where nobody speaks", async () => {
    await using bed = await ForwardBed.start();
    bed.spec = groupOf([endpointOf(await freePort())]);
    assert.match(await bed.say(GET), /^HTTP\/1\.1 502 [^]*upstream_connect/);
    assert.equal(bed.records.at(-1)?.attempts, 3);
    bed.spec = groupOf([endpointOf(80, "169.254.169.254")], { balance: { policy: "p2c", retries: 0 } });
    assert.equal(status(await bed.say(GET)), 502);
    assert.match(bed.records.at(-1)?.error ?? "", /link-local/);
    bed.spec = groupOf([endpointOf(80, "no-such-host.invalid")], { balance: { policy: "p2c", retries: 0 } });
    assert.equal(status(await bed.say(GET)), 502);
    bed.spec = groupOf([]);
    assert.match(await bed.say(GET), /^HTTP\/1\.1 503 [^]*no_upstream/);
    await bed.upstream((socket) => socket.resume());
    bed.plan = { timeouts: { connect: 1_000, response: 50, idle: 50 } };
    assert.match(await bed.say(GET), /^HTTP\/1\.1 504 [^]*upstream_silent/);
    await bed.upstream((socket) => socket.once("data", () => socket.write(HELLO.slice(0, -2))));
    assert.ok((await bed.say(GET)).endsWith("hel"));
    assert.equal(bed.records.at(-1)?.reason, "upstream_silent");
  });

  it("of a client that leaves ends at the upstream at once", async () => {
    await using bed = await ForwardBed.start();
    const closed = probe<string>();
    const asked = probe<string>();
    await bed.upstream((socket) => {
      socket.on("data", () => asked.add("asked")).on("close", () => closed.add("closed"));
    });
    const client = bed.client();
    client.write(GET);
    await asked.reaches(1);
    client.resetAndDestroy();
    await closed.reaches(1);
    assert.deepEqual([bed.records[0]?.status, bed.records[0]?.reason, bed.over], [499, "client_gone", 1]);
    assert.equal(bed.upstreams.open(bed.spec.endpoints[0]?.id ?? ""), 0);
  });

  it("that is answered before its body was read gets that answer, and the connection is not used again", async () => {
    await using bed = await ForwardBed.start();
    await bed.upstream((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno")).resume();
    });
    const client = bed.client();
    client.write("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n12345");
    const answer = await readAll(client);
    assert.equal(status(answer), 413);
    assert.match(answer, /connection: close/i);
    assert.equal(bed.upstreams.totals().connections, 0);
    assert.equal(bed.records[0]?.status, 413);
  });

  it("whose chunked body is larger than allowed is a 413, and the upstream is left", async () => {
    await using bed = await ForwardBed.start();
    const closed = probe<string>();
    await bed.upstream((socket) => socket.resume().on("close", () => closed.add("closed")));
    bed.plan = { target: targetOf({ limits: { body: 10, rate: null, concurrent: null } }) };
    const head = "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert.equal(status(await bed.say(`${head}6\r\n123456\r\n6\r\n123456\r\n`)), 413);
    await closed.reaches(1);
    assert.equal(bed.over, 1);
  });
});

describe("bodies", () => {
  it("of a hundred requests at once come back as they were sent", async () => {
    await using bed = await ForwardBed.start({ upstreams: { limits: { connections: 20 } } });
    const server = createServer((request, response) => request.pipe(response));
    await once(server.listen(0, "127.0.0.1"), "listening");
    bed.uses(server);
    const agent = new Agent({ keepAlive: true, maxSockets: 40 });
    const results = await Promise.all(
      Array.from({ length: 100 }, async (_, nth) => {
        const sent = randomBytes(nth * 997);
        const got = await post(bed.url, sent, agent, nth % 2 === 0);
        return digest(sent) === digest(got);
      }),
    );
    agent.destroy();
    assert.equal(results.filter(Boolean).length, 100);
    assert.ok(bed.upstreams.totals().connections <= 20);
    assert.equal(bed.over, 100);
  });

  for (const way of ["down", "up"] as const)
    it(`of 50 MB go ${way} at the reader's pace, in little memory`, async () => {
      await using bed = await ForwardBed.start();
      // Each piece is another one: what is overwritten before it was sent must show.
      const [noise, length, pieces] = [randomBytes(1_000_000), 65_536, 800];
      const size = length * pieces;
      const pieceOf = (nth: number): Buffer => noise.subarray((nth * 1_009) % 900_000, ((nth * 1_009) % 900_000) + length);
      let given = 0;
      const send = (socket: Socket): void => {
        while (given < pieces) {
          given += 1;
          if (!socket.write(pieceOf(given - 1))) return void socket.once("drain", () => send(socket));
        }
      };
      const received = probe<number>();
      const reader = { got: 0, hash: createHash("sha1"), socket: null as Socket | null };
      const read = (socket: Socket): void => {
        reader.socket = socket;
        socket.on("data", (chunk: Buffer) => {
          const start = reader.got === 0 ? chunk.indexOf("\r\n\r\n") + 4 : 0;
          reader.hash.update(chunk.subarray(start));
          reader.got += chunk.length - start;
          if (reader.got >= size) received.add(reader.got);
        });
        socket.pause();
      };
      await bed.upstream((socket) => {
        if (way === "up") return read(socket);
        socket.once("data", () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
          send(socket);
        });
      });
      const before = process.memoryUsage();
      const client = bed.client();
      if (way === "down") {
        client.write(GET);
        read(client);
      } else {
        client.write(`POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${size}\r\n\r\n`);
        send(client);
      }
      // The sender stands still once the buffers between are full.
      await until("there is a reader", async () => given > 0 && reader.socket !== null);
      await standstill(bed, () => given);
      assert.ok(given < pieces / 2, `${given} pieces were taken while nobody read`);
      const held = process.memoryUsage();
      assert.ok(held.arrayBuffers - before.arrayBuffers < 8e6, `${held.arrayBuffers - before.arrayBuffers} bytes are held`);
      reader.socket?.resume();
      await received.reaches(1);
      const after = process.memoryUsage();
      assert.ok(after.rss - before.rss < 100e6, `${after.rss - before.rss} bytes more`);
      const whole = createHash("sha1");
      for (let nth = 0; nth < pieces; nth += 1) whole.update(pieceOf(nth));
      assert.equal(reader.hash.digest("hex"), whole.digest("hex"));
    });
});

describe("two slow readers", () => {
  it("each get their own bytes, though all reads land in one buffer", async () => {
    await using bed = await ForwardBed.start();
    const size = 30_000_000;
    const sockets: Socket[] = [];
    await bed.upstream((socket, nth) => {
      sockets.push(socket);
      socket.once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        socket.write(Buffer.alloc(size, String(nth)));
      });
    });
    const clients = [bed.client(), bed.client()];
    for (const client of clients) client.pause().write(GET);
    await until("both are served", async () => sockets.length === 2 && sockets.every(({ writableLength }) => writableLength > 0));
    await standstill(bed, () => sockets.reduce((sum, { writableLength }) => sum + writableLength, 0));
    const bodies = await Promise.all(clients.map(async (client) => body(await readAll(client.resume()))));
    for (const text of bodies) assert.equal(text, text.slice(0, 1).repeat(size));
    assert.deepEqual(bodies.map((text) => text.slice(0, 1)).sort(), ["1", "2"]);
  });
});

describe("compression", () => {
  it("is for text of some length, for who takes it, and says so", async () => {
    await using bed = await ForwardBed.start();
    const text = "hello ".repeat(1_000);
    const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: "1"\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    await bed.upstream(answering(answer));
    bed.plan = { target: targetOf({ compression: true }) };
    const br = await get(bed.url, { "accept-encoding": "gzip, br" });
    assert.deepEqual([br.headers["content-encoding"], br.headers.etag, br.headers.vary], ["br", 'W/"1"', "Accept-Encoding"]);
    assert.equal(brotliDecompressSync(br.body).toString(), text);
    const gzip = await get(bed.url, { "accept-encoding": "gzip, br;q=0" });
    assert.equal(gzip.headers["content-encoding"], "gzip");
    assert.equal(gunzipSync(gzip.body).toString(), text);
    const plain = await get(bed.url, {});
    assert.deepEqual([plain.headers["content-encoding"], plain.headers.vary, plain.headers.etag], [undefined, "Accept-Encoding", '"1"']);
    await bed.upstream(answering(answer.replace("ETag", "Cache-Control: no-transform\r\nETag")));
    assert.equal((await get(bed.url, { "accept-encoding": "br" })).headers["content-encoding"], undefined);
    await bed.upstream((socket) => socket.once("data", () => socket.end(answer.slice(0, -100))));
    await assert.rejects(get(bed.url, { "accept-encoding": "br" }), /aborted|ECONNRESET|hang up/);
  });
});

describe("a compressed answer", () => {
  for (const encoding of ["gzip", "br"] as const)
    it(`of unknown length comes piece by piece, in ${encoding}`, async () => {
      await using bed = await ForwardBed.start();
      const asked = probe<Socket>();
      await bed.upstream((socket) => socket.once("data", () => asked.add(socket)));
      bed.plan = { target: targetOf({ compression: true }) };
      const request = ask(bed.url, { headers: { host: "a.example", "accept-encoding": encoding }, agent: false });
      request.end();
      await asked.reaches(1);
      const upstream = asked.seen[0] as Socket;
      upstream.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[1, \r\n");
      const [response] = (await once(request, "response")) as [IncomingMessage];
      assert.equal(response.headers["content-encoding"], encoding);
      const texts = probe<string>();
      const unpacked = response.pipe(encoding === "gzip" ? createGunzip() : createBrotliDecompress());
      unpacked.setEncoding("utf8").on("data", texts.add);
      await texts.reaches(1);
      assert.equal(texts.seen[0], "[1, ");
      upstream.write("2\r\n2]\r\n0\r\n\r\n");
      await once(unpacked, "end");
      assert.equal(texts.seen.join(""), "[1, 2]");
    });
});

describe("trailers", () => {
  const trailers = "X-Checksum: 1\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\nContent-Digest: sha-256=:AA==:\r\nX-Auth-User-Id: eve\r\n";
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${trailers}\r\n`;
  const plain = "X-Checksum: 1\r\nContent-Digest: sha-256=:AA==:\r\n";

  for (const [encoding, expected] of [
    ["identity", plain],
    ["gzip", "X-Checksum: 1\r\n"],
    ["br", "X-Checksum: 1\r\n"],
  ] as const)
    it(`go on with an answer in ${encoding}, but for those that only a head may have or that are not true of it`, async () => {
      await using bed = await ForwardBed.start();
      await bed.upstream(answering(answer));
      bed.plan = { target: targetOf({ compression: true }) };
      const said = await bed.say(GET.replace("Connection", `Accept-Encoding: ${encoding}\r\nConnection`));
      assert.equal(said.includes("Content-Encoding: "), encoding !== "identity");
      assert.equal(said.slice(said.lastIndexOf("\r\n0\r\n")), `\r\n0\r\n${expected}\r\n`);
    });
});

describe("a sticky cookie", () => {
  it("leads back to the endpoint that answered, as long as that is there", async () => {
    await using bed = await ForwardBed.start();
    await bed.upstream(answering(HELLO));
    await bed.upstream(answering(HELLO), true);
    bed.spec = groupOf(bed.spec.endpoints, { balance: { policy: "cookie", retries: 2 } });
    const first = await bed.say(GET);
    const cookie = /set-cookie: (tidegate-upstream=[\w-]+); Path=\/; HttpOnly; SameSite=Lax\r\n/i.exec(first)?.[1];
    assert.ok(cookie !== undefined, first);
    for (let turn = 0; turn < 8; turn += 1) {
      const again = await bed.say(GET.replace("\r\n\r\n", `\r\nCookie: a=b; ${cookie}\r\n\r\n`));
      assert.doesNotMatch(again, /set-cookie/i);
    }
    assert.equal(new Set(bed.records.map(({ endpoint }) => endpoint)).size, 1);
  });
});

describe("an upgrade", () => {
  const asked = "GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";

  it("hands both connections over, with what was read already, and counts until it is over", async () => {
    let finish = (): void => {};
    await using bed = await ForwardBed.start({
      forwarder: {
        upgraded: ({ conversation }, { head, socket, rest, over }) => {
          const { socket: client } = conversation.detach();
          client.on("error", () => {});
          socket.on("error", () => {});
          client.write(`HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields.without(0)}\r\n`);
          client.write(rest);
          socket.pipe(client);
          client.pipe(socket);
          finish = over;
        },
      },
    });
    const { id } = await bed.upstream((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst");
        socket.on("data", (chunk: Buffer) => socket.write(chunk));
      });
    });
    const texts = probe<string>();
    const client = bed.client().setEncoding("latin1").on("data", texts.add);
    client.write(asked);
    await until("first", async () => texts.seen.join("").endsWith("\r\n\r\nfirst"));
    client.write("echo");
    await until("the echo", async () => texts.seen.join("").endsWith("firstecho"));
    assert.deepEqual([bed.upstreams.open(id), bed.over], [1, 0]);
    finish();
    finish();
    assert.deepEqual([bed.upstreams.open(id), bed.over], [0, 1]);
  });

  it("that the upstream refuses is answered like any request", async () => {
    await using bed = await ForwardBed.start();
    await bed.upstream(answering("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"));
    const client = bed.client();
    const answer = readAll(client);
    client.write(asked);
    await until("the answer", async () => bed.over === 1);
    client.end();
    assert.match(await answer, /^HTTP\/1\.1 401 [^]*no$/);
  });
});

/** What moves by itself moves while whole other requests go through the same edge. Later requests go to another upstream. */
async function standstill(bed: ForwardBed, figure: () => number): Promise<void> {
  await bed.upstream(answering(HELLO));
  let [before, same] = [-1, 0];
  while (same < 5) {
    before = figure();
    assert.equal(status(await bed.say(GET)), 200);
    same = figure() === before ? same + 1 : 0;
  }
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function post(url: string, sent: Buffer, agent: Agent, counted: boolean): Promise<Buffer> {
  const headers = { host: "a.example", ...(counted ? { "content-length": sent.length } : {}) };
  const request = ask(url, { method: "POST", agent, headers });
  request.end(sent);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return read(response);
}

async function get(url: string, headers: Record<string, string>): Promise<{ headers: IncomingMessage["headers"]; body: Buffer }> {
  const request = ask(url, { headers: { host: "a.example", ...headers }, agent: false });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { headers: response.headers, body: await read(response) };
}
