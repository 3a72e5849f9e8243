import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { test } from "node:test";
import * as fc from "fast-check";
import { Body } from "./body.ts";
import { parseRequestHead } from "./request-head.ts";

const COUNT = 300;
const TOKEN = "abcXYZ019-_!#$%&'*+.^`|~";
const name = fc.string({ unit: fc.constantFrom(...characters(TOKEN)), minLength: 1, maxLength: 12 }).map((text) => `x-${text}`);
const value = fc
  .string({ unit: fc.constantFrom(...characters('aZ9 \t,;="\\()\xe9\xff')), maxLength: 20 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ""));
const space = fc.constantFrom("", " ", "\t", " \t ");
const field = fc
  .tuple(name, space, value, space)
  .map((parts) => ({ name: parts[0], value: parts[2], line: `${parts[0]}:${parts[1]}${parts[2]}${parts[3]}\r\n` }));
const target = fc.string({ unit: fc.constantFrom(...characters("aZ0/?&=%.~-_:@!$'()*+,;[]")), maxLength: 30 }).map((text) => `/${text}`);
const content = fc.string({ unit: "binary-ascii", maxLength: 60 });
const request = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
  target,
  host: fc.constantFrom("a", "A.Example:8080", "[::1]:80", "127.0.0.1"),
  fields: fc.array(field, { maxLength: 8 }),
  body: fc.oneof(fc.constant(null), content, fc.array(fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 30 }), { maxLength: 4 })),
});

type Drawn = typeof request extends fc.Arbitrary<infer T> ? T : never;

function written({ method, target, host, fields, body }: Drawn): string {
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields.map(({ line }) => line).join("")}`;
  if (body === null) return `${head}\r\n`;
  if (typeof body === "string") return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const chunks = body.map((chunk, at) => `${chunk.length.toString(16)}${at === 1 ? ";a=b" : ""}\r\n${chunk}\r\n`);
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`;
}

/** Method, target, fields and body of each. */
type Seen = readonly [method: string, target: string, fields: readonly string[], body: string];

async function byNode(bytes: string): Promise<Seen[]> {
  const seen: Seen[] = [];
  const server = createServer({ joinDuplicateHeaders: true }, (message, answer) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => {
      seen.push([message.method ?? "", message.url ?? "", message.rawHeaders, Buffer.concat(chunks).latin1Slice()]);
      answer.end(() => seen.length === COUNT && client.end());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  try {
    client.resume().write(bytes, "latin1");
    await once(client, "close");
    return seen;
  } finally {
    client.destroy();
    server.close();
  }
}

function byOurs(bytes: string): Seen[] {
  const seen: Seen[] = [];
  const input = Buffer.from(bytes, "latin1");
  let at = 0;
  while (at < input.length) {
    const end = input.indexOf("\r\n\r\n", at);
    const head = parseRequestHead(input.latin1Slice(at, end + 2), { maxFields: 100, maxTarget: 8192 });
    at = end + 4;
    let body = "";
    if (head.length !== 0)
      at = new Body(head.length).feed(input, at, input.length, { onData: (chunk) => void (body += chunk.latin1Slice()), onEnd: () => {} });
    const { fields } = head;
    const lines = Array.from({ length: fields.count }, (_, i) => [fields.name(i), fields.value(i)]).flat();
    seen.push([head.method, head.target, lines, body]);
  }
  return seen;
}

test("requests that are valid are read as Node reads them", async () => {
  const bytes = fc.sample(request, COUNT).map(written).join("");
  const [ours, nodes] = [byOurs(bytes), await byNode(bytes)];
  assert.equal(nodes.length, COUNT);
  for (const [at, [method, target, fields, body]] of nodes.entries()) {
    const lower = fields.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
    assert.deepEqual(ours[at], [method, target, lower, body]);
  }
});

function characters(text: string): string[] {
  return text.split("");
}
