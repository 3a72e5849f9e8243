/** Where a body ends: lengths, transfer codings and both at once. Whoever is one byte off hides a request in a body. */
import { CODING, get, HIDDEN, HOST, head, post, REFUSED, SERVED, type Group, type Vector } from "./vector.ts";

const HELLO = "hello";
const INNER = "GET /inner HTTP/1.1\r\nHost: edge.test\r\n\r\n";

const LENGTHS: readonly Vector[] = [
  length("cl-twice-same", "two equal Content-Length", "5", "5"),
  length("cl-twice-differ", "two different Content-Length", "5", "0"),
  length("cl-list", "Content-Length: 5, 5", "5, 5"),
  length("cl-plus", "Content-Length: +5", "+5"),
  length("cl-minus", "Content-Length: -5", "-5"),
  length("cl-hex", "Content-Length: 0x5", "0x5"),
  length("cl-empty", "an empty Content-Length", ""),
  length("cl-space", "Content-Length: 5 0", "5 0"),
  length("cl-letters", "Content-Length: 5a", "5a"),
  length("cl-huge", "a Content-Length of 20 digits", "99999999999999999999"),
  length("cl-wrapped", "a Content-Length that is 5 modulo 2⁶⁴", "18446744073709551621"),
  { ...length("cl-name-space", "a space before the colon of Content-Length"), bytes: post(["Content-Length : 5"], HELLO) },
  {
    ...length("cl-zero-hidden", "Content-Length: 0 and 5 on two lines, a request in the body"),
    bytes: post(["Content-Length: 0", "Content-Length: 74"], HIDDEN),
  },
];

const CODINGS: readonly Vector[] = [
  coding("te-cl", "Transfer-Encoding and Content-Length", REFUSED, ["Transfer-Encoding: chunked", "Content-Length: 5"]),
  coding("cl-te", "Content-Length and Transfer-Encoding", REFUSED, ["Content-Length: 5", "Transfer-Encoding: chunked"]),
  coding("te-gzip", "Transfer-Encoding: gzip", CODING, ["Transfer-Encoding: gzip"]),
  coding("te-gzip-chunked", "Transfer-Encoding: gzip, chunked", CODING, ["Transfer-Encoding: gzip, chunked"]),
  coding("te-chunked-gzip", "Transfer-Encoding: chunked, gzip", CODING, ["Transfer-Encoding: chunked, gzip"]),
  coding("te-twice", "two Transfer-Encoding: chunked", CODING, ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
  coding("te-twice-list", "Transfer-Encoding: chunked, chunked", CODING, ["Transfer-Encoding: chunked, chunked"]),
  coding("te-identity-second", "Transfer-Encoding: chunked, then identity", CODING, [
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: identity",
  ]),
  coding("te-unknown", "Transfer-Encoding: xchunked", CODING, ["Transfer-Encoding: xchunked"]),
  coding("te-identity", "Transfer-Encoding: identity", CODING, ["Transfer-Encoding: identity"]),
  coding("te-quoted", 'Transfer-Encoding: "chunked"', CODING, ['Transfer-Encoding: "chunked"']),
  coding("te-parameter", "Transfer-Encoding: chunked;a=b", CODING, ["Transfer-Encoding: chunked;a=b"]),
  coding("te-empty", "an empty Transfer-Encoding", CODING, ["Transfer-Encoding:"]),
  coding("te-comma", "Transfer-Encoding: ,chunked", CODING, ["Transfer-Encoding: ,chunked"]),
  coding("te-vertical-tab", "a vertical tab in front of chunked", REFUSED, ["Transfer-Encoding: \x0bchunked"]),
  coding("te-nul", "a NUL behind chunked", REFUSED, ["Transfer-Encoding: chunked\0"]),
  coding("te-name-space", "a space before the colon of Transfer-Encoding", REFUSED, ["Transfer-Encoding : chunked"]),
  coding("te-folded", "Transfer-Encoding with its value on the next line", REFUSED, ["Transfer-Encoding:\r\n chunked"]),
  coding("te-bare-lf", "Transfer-Encoding behind a bare LF", REFUSED, ["X-A: b\nTransfer-Encoding: chunked"]),
  coding("te-bare-cr", "Transfer-Encoding behind a bare CR", REFUSED, ["X-A: b\rTransfer-Encoding: chunked"]),
  {
    id: "te-1-0",
    what: "Transfer-Encoding in HTTP/1.0",
    bytes: head("POST /ID HTTP/1.0", [`Host: ${HOST}`, "Transfer-Encoding: chunked"]) + `0\r\n\r\n${HIDDEN}`,
    ours: [REFUSED],
    seen: 0,
  },
];

const ACCEPTED: readonly Vector[] = [
  accepted("te-tab", "a tab in front of chunked", ["Transfer-Encoding:\tchunked"], "5\r\nhello\r\n0\r\n\r\n"),
  accepted("te-upper", "Transfer-Encoding: CHUNKED", ["Transfer-Encoding: CHUNKED"], "5\r\nhello\r\n0\r\n\r\n"),
  accepted("cl-zeros", "Content-Length: 005", ["Content-Length: 005"], HELLO, [[200, 400]]),
  {
    id: "get-body",
    what: "GET with a body that looks like a request",
    arrives: { body: INNER },
    bytes: get([`Content-Length: ${INNER.length}`]) + INNER,
    ours: [SERVED],
    seen: 1,
  },
  {
    id: "pipeline",
    what: "two requests in one packet",
    bytes: head("GET /ID HTTP/1.1", [`Host: ${HOST}`]) + get([]),
    ours: [SERVED, SERVED],
    seen: 2,
  },
  {
    id: "pipeline-bad",
    what: "a good request and a bad one in one packet",
    bytes: head("GET /ID HTTP/1.1", [`Host: ${HOST}`]) + post(["Content-Length: x"], HIDDEN),
    ours: [SERVED, REFUSED],
    seen: 1,
  },
  {
    id: "get-garbage",
    what: "GET without a length, and bytes behind it",
    bytes: `${head("GET /ID HTTP/1.1", [`Host: ${HOST}`])}hello\r\n\r\n${HIDDEN}`,
    ours: [SERVED, REFUSED],
    seen: 1,
  },
  {
    id: "closed-behind",
    what: "Connection: close, and a request behind it",
    bytes: get([]) + HIDDEN,
    ours: [SERVED],
    seen: 1,
  },
];

export const FRAMING: readonly Group[] = [
  { title: "Content-Length", vectors: LENGTHS },
  { title: "Transfer-Encoding", vectors: CODINGS },
  { title: "Bodies that are right, and what follows them", vectors: ACCEPTED },
];

// Private

function length(id: string, what: string, ...values: readonly string[]): Vector {
  const lines = values.map((value) => `Content-Length: ${value}`);
  return { id, what, bytes: post(lines, HELLO), ours: [REFUSED], seen: 0 };
}

/** The body ends at once for who takes it as chunked; then a request follows. */
function coding(id: string, what: string, ours: readonly (number | "cut")[], lines: readonly string[]): Vector {
  return { id, what, bytes: post(lines, `0\r\n\r\n${HIDDEN}`), ours: [ours], seen: 0 };
}

function accepted(id: string, what: string, lines: readonly string[], body: string, ours: Vector["ours"] = [SERVED]): Vector {
  return { id, what, bytes: post(lines, body), ours, seen: 1, arrives: { body: HELLO } };
}
