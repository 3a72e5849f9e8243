import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { probe, until } from "../../../../streams/src/testing/events.ts";
import { CHUNKED, type Conversation, UNTIL_CLOSE } from "./exchange.ts";
import { edge, upload } from "./testing/raw-client.ts";
import { HttpError } from "./wire/http-error.ts";

const TEXT = "content-type: text/plain\r\n";

/** Answers with method, target and body, once the body is whole. */
function echo(conversation: Conversation): void {
  const { method, target } = conversation.request;
  void upload(conversation).body.then((body) => conversation.answer(200, TEXT, `${method} ${target} ${body}.`));
}

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (path: string, body: string, fields = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
const answers = (received: string): string[] => [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1] ?? "");

describe("a request", () => {
  test("gets its answer with Date and length, and the connection goes on", async () => {
    await using server = await edge(echo);
    const client = await server.client();
    await client.send(get("/a")).hears("GET /a .");
    assert.match(
      client.received,
      /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain\r\ndate: \w{3}, [\w :]{20} GMT\r\ncontent-length: 8\r\n\r\nGET \/a \.$/,
    );
    await client.send(post("/b", "body")).hears("POST /b body.");
    assert.deepEqual([server.connections.counts.open, server.connections.counts.requests], [1, 2]);
  });

  test("waits for the answer to the one before it, and gets its own in order", async () => {
    const begun = probe<Conversation>();
    await using server = await edge(begun.add);
    const client = await server.client();
    client.send(get("/1") + post("/2", "two") + get("/3"));
    for (const path of ["/1", "/2", "/3"]) {
      const last = (await begun.reaches(Number(path.slice(1)))).at(-1);
      assert.equal(last?.request.target, path);
      if (last !== undefined) echo(last);
      await client.hears(` ${path} `);
    }
    assert.deepEqual(client.received.match(/\/\d \w*\./g), ["/1 .", "/2 two.", "/3 ."]);
  });

  test("with Expect is told to go on when its body is asked for, not before", async () => {
    const begun = probe<Conversation>();
    await using server = await edge(begun.add);
    const client = await server.client();
    client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    const [conversation] = await begun.reaches(1);
    assert.ok(conversation?.request.expectsContinue);
    assert.equal(client.received, "");
    echo(conversation);
    await client.hears("HTTP/1.1 100 Continue\r\n\r\n");
    await client.send("body").hears("POST /e body.");
  });

  test("with Expect that is refused is not told to go on", async () => {
    await using server = await edge((conversation) => conversation.answer(413, TEXT, "too large"));
    const client = await server.client();
    client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert.equal(await client.closed, "end");
    assert.deepEqual(answers(client.received), ["413"]);
    assert.match(client.received, /connection: close/);
  });

  test("is answered after the client has ended its side, as are those behind it", async () => {
    await using server = await edge(async (conversation) => {
      // Its end is read meanwhile.
      for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
      echo(conversation);
    });
    const client = await server.client();
    client.socket.end(get("/1") + post("/2", "x") + get("/3"));
    assert.equal(await client.closed, "end");
    assert.deepEqual(client.received.match(/\/\d \w*\./g), ["/1 .", "/2 x.", "/3 ."]);
    await until("the connection is over", async () => server.connections.counts.open === 0);
  });

  test("that is answered before its body came shows the client its answer, not a reset", async () => {
    await using server = await edge((conversation) => conversation.answer(413, TEXT, "too large"), { linger: 100 });
    const client = await server.client();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n${"x".repeat(300_000)}`);
    assert.equal(await client.closed, "end");
    assert.match(client.received, /^HTTP\/1\.1 413 [^]*connection: close\r\n\r\ntoo large$/);
    client.socket.destroy();
    await until("the connection is over", async () => server.connections.counts.open === 0);
  });

  test("whose rest never ends is not read from for long", async () => {
    await using server = await edge((conversation) => conversation.answer(413, TEXT, ""), { linger: 30 });
    const client = await server.client();
    client.socket.allowHalfOpen = true;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    await until("the connection is over", async () => server.connections.counts.open === 0);
  });

  test("that cannot be understood is answered, told, and the last", async () => {
    await using server = await edge(echo);
    const client = await server.client();
    client.send(`${get("/1")}GET /secret?token=1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${get("/3")}`);
    assert.equal(await client.closed, "end");
    assert.deepEqual(answers(client.received), ["200", "400"]);
    assert.match(client.received, /connection: close\r\n\r\nbad-host: there is more than one Host field\n$/);
    assert.deepEqual(
      server.refusals.map(({ status, reason, head, peer }) => [status, reason, head, peer.address]),
      [[400, "bad-host", "GET /secret", "127.0.0.1"]],
    );
    assert.deepEqual(server.connections.counts.refused, { "bad-host": 1 });
  });

  test("whose body breaks the grammar is answered where no answer was begun, else cut", async () => {
    const begun = probe<Conversation>();
    await using server = await edge(begun.add);
    const bad = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
    const first = await server.client();
    first.send(bad);
    const gone = upload((await begun.reaches(1))[0] as Conversation).gone;
    assert.equal(((await gone) as HttpError).code, "bad-chunk");
    await first.hears("HTTP/1.1 400 ");
    const second = await server.client();
    second.send(bad);
    const conversation = (await begun.reaches(2))[1] as Conversation;
    conversation.begin(200, "OK", "", CHUNKED);
    conversation.flush();
    await second.hears("chunked\r\n");
    await upload(conversation).gone;
    assert.equal(await second.closed, "reset");
    conversation.answer(500, "", "late");
    assert.doesNotMatch(second.received, /late/);
  });

  test("costs only itself when its handler throws", async () => {
    await using server = await edge(({ request }) => {
      throw new Error(`broken by ${request.target}`);
    });
    const client = await server.client();
    await client.send(get("/1")).hears("HTTP/1.1 500 ");
    assert.doesNotMatch(client.received, /broken/);
    assert.deepEqual(server.errors.map(String), ["Error: broken by /1"]);
    assert.equal(await client.closed, "end");
  });
});

describe("an answer", () => {
  test("to HTTP/1.0 is never chunked, and keeps the connection only when asked", async () => {
    await using server = await edge((conversation) => {
      conversation.receive(silent);
      conversation.interim(103, "Early Hints", "link: x\r\n");
      conversation.begin(200, "OK", "", conversation.request.target === "/length" ? 2 : CHUNKED);
      conversation.data(Buffer.from("ab"));
      conversation.end();
      conversation.finish();
    });
    const kept = await server.client();
    await kept.send("GET /length HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").hears("ab");
    assert.match(kept.received, /^HTTP\/1\.1 200 OK\r\ndate: .*\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nab$/);
    kept.send("GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert.equal(await kept.closed, "end");
    assert.match(kept.received, /ab$/);
    assert.doesNotMatch(kept.received, /chunked|103/);
    const closed = await server.client();
    closed.send("GET /length HTTP/1.0\r\n\r\n");
    assert.equal(await closed.closed, "end");
  });

  test("of unknown length is chunked; its trailers, interim heads and Date of the upstream come through", async () => {
    await using server = await edge((conversation) => {
      conversation.receive(silent);
      conversation.interim(103, "Early Hints", "link: x\r\n");
      conversation.begin(200, "Fine", "DATE: then\r\n", UNTIL_CLOSE);
      conversation.data(Buffer.from("ab"));
      conversation.end("x-sum: 1\r\n");
      conversation.finish();
    });
    const client = await server.client();
    await client.send(get("/")).hears("x-sum: 1\r\n\r\n");
    const head = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 Fine\r\nDATE: then\r\ntransfer-encoding: chunked\r\n\r\n";
    assert.equal(client.received, `${head}2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n`);
  });

  test("has no body where HTTP knows none, and the next one follows at once", async () => {
    await using server = await edge((conversation) => {
      conversation.receive(silent);
      const status = Number(conversation.request.target.slice(1));
      conversation.begin(status, "", "", status === 200 ? 1234 : 5);
      conversation.data(Buffer.from("hello"));
      conversation.finish();
    });
    const client = await server.client();
    client.send(`HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n${get("/204")}${get("/304", "Connection: close\r\n")}`);
    assert.equal(await client.closed, "end");
    const bare = client.received.replaceAll(/date: .*\r\n/g, "");
    assert.equal(
      bare,
      "HTTP/1.1 200 \r\ncontent-length: 1234\r\n\r\nHTTP/1.1 204 \r\n\r\nHTTP/1.1 304 \r\ncontent-length: 5\r\nconnection: close\r\n\r\n",
    );
  });

  test("that is shorter or longer than it said is cut", async () => {
    await using server = await edge((conversation) => {
      conversation.receive(silent);
      conversation.begin(200, "OK", "", 3);
      conversation.data(Buffer.from(conversation.request.target === "/short" ? "ab" : "abcd"));
      conversation.finish();
    });
    for (const path of ["/short", "/long"]) {
      const client = await server.client();
      client.send(get(path));
      assert.equal(await client.closed, path === "/short" ? "end" : "reset");
      assert.match(client.received, path === "/short" ? /content-length: 3\r\n\r\nab$/ : /^(?:[^]*\r\n\r\n)?$/);
    }
  });

  test("that is cut goes out as far as it came, however slow its reader, and never looks whole", async () => {
    const size = 8_000_000;
    await using server = await edge((conversation) => {
      conversation.receive(silent);
      conversation.begin(200, "OK", "", CHUNKED);
      conversation.data(Buffer.from("ab"));
      if (conversation.request.target === "/large") conversation.data(Buffer.alloc(size, "x"));
      conversation.cut();
    });
    const [small, large, old] = [await server.client(), await server.client(), await server.client()];
    large.socket.pause();
    large.send(get("/large"));
    assert.equal(await small.send(get("/")).closed, "end");
    assert.match(small.received, /transfer-encoding: chunked\r\n\r\n2\r\nab\r\n$/);
    large.socket.resume();
    assert.equal(await large.closed, "end");
    assert.ok(large.received.endsWith(`${size.toString(16)}\r\n${"x".repeat(size)}\r\n`));
    // Its body ends with the connection, so only a reset tells.
    assert.equal(await old.send("GET / HTTP/1.0\r\n\r\n").closed, "reset");
    assert.match(old.received, /\r\n\r\nab$/);
  });

  test("is not written to a client that is gone, and its sink hears so, early or late", async () => {
    const begun = probe<Conversation>();
    await using server = await edge(begun.add);
    const client = await server.client();
    client.send(get("/"));
    const [conversation] = await begun.reaches(1);
    assert.ok(conversation !== undefined);
    client.socket.resetAndDestroy();
    await until("the connection is over", async () => server.connections.counts.open === 0);
    await upload(conversation).gone;
    conversation.answer(200, "", "nobody");
  });
});

describe("a connection", () => {
  test("whose head takes too long gets 408; one without a request is closed without a word", async () => {
    await using server = await edge(echo, { headTimeout: 50, idleTimeout: 100 });
    const [slow, fresh, used] = [await server.client(), await server.client(), await server.client()];
    slow.send("GET / HTTP/1.1\r\n");
    await used.send(get("/")).hears("GET / .");
    assert.deepEqual(await Promise.all([slow.closed, fresh.closed, used.closed]), ["end", "end", "end"]);
    assert.deepEqual([answers(slow.received), answers(fresh.received), answers(used.received)], [["408"], [], ["200"]]);
    assert.deepEqual(server.connections.counts.refused, { "head-timeout": 1 });
  });

  test("whose body stops, or drips, gets 408; one that the upstream holds up does not", async () => {
    const lost = probe<string>();
    const stopped = { bodyTimeout: 80, bodyGrace: 10_000 };
    const dripping = { bodyTimeout: 10_000, bodyGrace: 80 };
    for (const limits of [stopped, dripping]) {
      await using server = await edge((conversation) => {
        const blocked = conversation.request.target === "/blocked";
        void upload(conversation, { onReadDone: () => !blocked }).gone.then((error) => lost.add((error as HttpError).code));
      }, limits);
      const [slow, blocked] = [await server.client(), await server.client()];
      blocked.send("POST /blocked HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
      await until("it is asked", async () => server.connections.counts.requests === 1);
      slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
      await slow.hears("HTTP/1.1 408 ");
      assert.equal(blocked.received, "");
      assert.equal(server.connections.counts.open >= 1, true);
    }
    assert.deepEqual(
      lost.seen.filter((code) => code !== undefined),
      ["body-timeout", "body-too-slow"],
    );
  });

  test("that does not take its answer is cut, one that takes it slowly is not", async () => {
    const gone = probe<string>();
    await using server = await edge(
      (conversation) => {
        let left = 200;
        const more = (): void => {
          while (left-- > 0) {
            conversation.data(Buffer.alloc(65_536));
            if (!conversation.flush()) return;
          }
          conversation.finish();
        };
        void upload(conversation, { onDrain: more }).gone.then(() => gone.add(conversation.request.target));
        conversation.begin(200, "OK", "", left * 65_536);
        more();
      },
      { writeTimeout: 500 },
    );
    const [never, slowly] = [await server.client(), await server.client()];
    never.socket.pause();
    never.send(get("/never"));
    slowly.send(get("/slowly"));
    const steps = setInterval(() => (slowly.socket.isPaused() ? slowly.socket.resume() : slowly.socket.pause()), 10);
    try {
      await gone.reaches(1);
      assert.deepEqual(gone.seen, ["/never"]);
      await until("all of it is there", async () => slowly.received.length > 200 * 65_536);
    } finally {
      clearInterval(steps);
    }
  });

  test("is not read while the upstream takes nothing", async () => {
    let taken = 0;
    let conversation: Conversation | undefined;
    await using server = await edge((begun) => {
      conversation = begun;
      upload(begun, {
        onData: (chunk) => void (taken += chunk.length),
        onReadDone: () => taken > 1_000_000,
        onEnd: () => begun.answer(200, "", "all"),
      });
    });
    const client = await server.client();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n${"x".repeat(8_000_000)}`);
    await until("a first read", async () => taken > 0);
    let before = -1;
    await until("it stands still", async () => before === (before = taken));
    assert.ok(taken <= 65_536, `${taken} bytes were read`);
    for (; before < 1_000_000; before = taken) {
      const known = before;
      conversation?.resume();
      await until("the next read", async () => taken > known);
    }
    await client.hears("all");
  });

  test("whose client does not read its answers is not asked for more requests", async () => {
    const body = "x".repeat(10_000);
    await using server = await edge((conversation) => conversation.answer(200, "", body));
    const client = await server.client();
    client.socket.pause();
    client.send(get("/").repeat(3000));
    let before = -1;
    await until("it stands still", async () => before === (before = server.connections.counts.requests) && before > 0);
    assert.ok(before < 2500, `${before} requests were answered into memory`);
    client.socket.resume();
    await until(
      "all were answered",
      async () => server.connections.counts.requests === 3000 && client.received.length > 3000 * body.length,
    );
  });

  test("serves so many requests, then says close", async () => {
    await using server = await edge(echo, { requestsPerConnection: 2 });
    const client = await server.client();
    client.send(get("/1") + get("/2") + get("/3"));
    assert.equal(await client.closed, "end");
    assert.deepEqual(answers(client.received), ["200", "200"]);
    assert.equal(client.received.match(/connection: close/g)?.length, 1);
  });

  test("too many of a client, or in all, is closed at once and counted", async () => {
    await using server = await edge(echo, { connectionsPerClient: 1 });
    const first = await server.client();
    await first.send(get("/1")).hears("GET /1 .");
    assert.notEqual((await server.client()).received, "200");
    await until("it is counted", async () => server.connections.counts.refused["client-connections"] === 1);
    first.socket.destroy();
    await until("the first is over", async () => server.connections.counts.open === 0);
    await (await server.client()).send(get("/2")).hears("GET /2 .");
    await using full = await edge(echo, { connections: 0 });
    await (
      await full.client()
    ).closed;
    assert.deepEqual(full.connections.counts.refused, { connections: 1 });
  });

  test("ends with a drain: idle ones at once, others after their answer", async () => {
    const begun = probe<Conversation>();
    await using server = await edge(begun.add);
    const [idle, busy] = [await server.client(), await server.client()];
    busy.send(get("/busy"));
    const [conversation] = await begun.reaches(1);
    const drained = server.connections.drain();
    assert.equal(await idle.closed, "end");
    assert.equal(server.connections.counts.open >= 1, true);
    if (conversation !== undefined) echo(conversation);
    assert.equal(await busy.closed, "end");
    assert.match(busy.received, /connection: close\r\n\r\nGET \/busy \.$/);
    await drained;
  });

  test("that becomes a tunnel is the caller's with what was read, and counted until it closes", async () => {
    const rests: string[] = [];
    await using server = await edge((conversation) => {
      assert.equal(conversation.request.upgrade, "websocket");
      const { socket, rest } = conversation.detach();
      rests.push(rest.toString());
      socket.on("data", (chunk) => socket.write(`echo ${chunk.toString()}`)).on("end", () => socket.end());
      socket.write("101");
      socket.resume();
    });
    const client = await server.client();
    client.send(get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    await client.hears("101");
    await client.send("hello").hears("echo hello");
    assert.deepEqual([server.connections.counts.open, server.connections.counts.tunnels], [1, 1]);
    await server.connections.drain();
    client.socket.end();
    await until("it is over", async () => server.connections.counts.open === 0);
    const early = await server.client();
    await early.send(`${get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n")}early`).hears("101");
    assert.deepEqual(rests, ["", "early"]);
  });
});

test("many slow clients each get their own bytes, whatever buffer they were read into", async () => {
  const shared = Buffer.alloc(8192);
  await using server = await edge((conversation) => send(conversation, shared), { connectionsPerClient: 100 });
  await Promise.all(
    Array.from({ length: 40 }, async (_, number) => {
      const client = await server.client();
      client.send(get(`/${number}`));
      await client.hears("\r\n\r\n");
      for (let pauses = 0; pauses < 20; pauses++) {
        client.socket.pause();
        await new Promise((resolve) => setImmediate(resolve));
        client.socket.resume();
      }
      await client.hears("THE END");
      const [, body = ""] = client.received.split("\r\n\r\n", 2);
      const [text = "", hash] = body.split("THE END ", 2);
      assert.equal(text.length, LENGTH);
      assert.equal(createHash("sha256").update(text, "latin1").digest("hex"), hash);
    }),
  );
});

const LENGTH = 1_000_000;

/** Pieces of all sizes: those of at most COPY_UP_TO from one buffer that all share, larger ones each in its own. */
function send(conversation: Conversation, shared: Buffer): void {
  const hash = createHash("sha256");
  let left = LENGTH;
  let size = Number(conversation.request.target.slice(1)) * 331;
  const more = (): void => {
    while (left > 0) {
      size = (size * 7 + 4099) % 20_000;
      const length = Math.min(left, size + 1);
      const piece = length > shared.length ? Buffer.allocUnsafeSlow(length) : shared.subarray(0, length);
      randomBytes(64).copy(piece.fill(size % 251));
      hash.update(piece);
      left -= length;
      conversation.data(piece);
      if (!conversation.flush() && left > 0) return;
    }
    conversation.data(Buffer.from(`THE END ${hash.digest("hex")}`));
    conversation.finish();
  };
  conversation.receive({ ...silent, onDrain: () => left > 0 && more() });
  conversation.begin(200, "OK", "", LENGTH + 8 + 64);
  more();
}

const silent = { onData: () => {}, onEnd: () => {}, onReadDone: () => true, onDrain: () => {}, onGone: () => {} };
