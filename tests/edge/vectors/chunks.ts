/** The grammar of chunks. A body is passed on while it comes, so the upstream may see the beginning of a broken one, never its end. */
import { HIDDEN, HOST, head, post, SERVED, type Group, type Vector } from "./vector.ts";

/** The answer is 400 while nothing was answered; else the client sees a cut. */
const BROKEN: readonly (number | "cut")[] = [400, "cut"];

const BAD: readonly Vector[] = [
  bad("chunk-bare-lf", "a chunk size that ends with LF alone", "5\nhello\r\n0\r\n\r\n"),
  bad("chunk-bare-cr", "a chunk size that ends with CR alone", "5\rhello\r\n0\r\n\r\n"),
  bad("chunk-prefix", "chunk size 0x5", "0x5\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-minus", "chunk size -5", "-5\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-plus", "chunk size +5", "+5\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-underscore", "chunk size 0_5", "0_5\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-space-before", "a space before the chunk size", " 5\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-empty-size", "no chunk size", "\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-only-extension", "an extension without a size", ";a=b\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-huge", "a chunk size of 17 digits", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-wrapped", "a chunk size that is 5 modulo 2⁶⁴", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
  bad("chunk-longer", "a chunk longer than it says", `5\r\nhelloo\r\n0\r\n\r\n${HIDDEN}`),
  bad("chunk-shorter", "a chunk shorter than it says", `6\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  bad("chunk-no-end", "no CRLF behind the chunk's data", `5\r\nhello0\r\n\r\n${HIDDEN}`),
  bad("chunk-lf-end", "LF alone behind the chunk's data", `5\r\nhello\n0\r\n\r\n${HIDDEN}`),
  bad("chunk-ext-lf", "a bare LF in a chunk's extension", `5;a\nb\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  bad("chunk-ext-cr", "a bare CR in a chunk's extension", `5;a\rb\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  bad("chunk-ext-nul", "a NUL in a chunk's extension", `5;a\0\r\nhello\r\n0\r\n\r\n`),
  bad("chunk-ext-huge", "a chunk extension of 64 KiB", `5;a=${"b".repeat(65_536)}\r\nhello\r\n0\r\n\r\n`),
  bad("trailer-no-colon", "a trailer without a colon", "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n"),
  bad("trailer-bare-lf", "trailers that end with LF alone", `5\r\nhello\r\n0\r\nX-A: b\n\n${HIDDEN}`),
  bad("trailer-huge", "64 KiB of trailers", `5\r\nhello\r\n0\r\nX-A: ${"b".repeat(65_536)}\r\n\r\n`),
];

const GOOD: readonly Vector[] = [
  good("chunk-ext", "a chunk extension", '5;name=value;other="x"\r\nhello\r\n0\r\n\r\n'),
  good("chunk-zeros", "leading zeros in chunk sizes", "0005\r\nhello\r\n000\r\n\r\n"),
  good("chunk-upper", "upper case chunk sizes", "A\r\nhello hell\r\nB\r\no hello hel\r\n0\r\n\r\n", "hello hello hello hel"),
  good("chunk-trailer", "a trailer", "5\r\nhello\r\n0\r\nX-Checksum: abc\r\n\r\n"),
  good(
    "trailer-framing",
    "framing in trailers",
    "5\r\nhello\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: evil.test\r\n\r\n",
    "hello",
    [[200, 400]],
  ),
  good(
    "trailer-identity",
    "identity in trailers",
    "5\r\nhello\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nX-Auth-User-Id: forged\r\n\r\n",
    "hello",
    [[200, 400]],
  ),
];

export const CHUNKS: readonly Group[] = [
  { title: "Chunks that are wrong", vectors: BAD },
  { title: "Chunks that are right", vectors: GOOD },
];

// Private

function bad(id: string, what: string, body: string): Vector {
  const bytes = head("POST /ID HTTP/1.1", [`Host: ${HOST}`, "Transfer-Encoding: chunked"]) + body;
  return { id, what, bytes, ours: [BROKEN], seen: 0 };
}

function good(id: string, what: string, body: string, whole = "hello", ours: Vector["ours"] = [SERVED]): Vector {
  const bytes = post(["Transfer-Encoding: chunked"], body);
  return { id, what, bytes, ours, seen: 1, arrives: { body: whole } };
}
