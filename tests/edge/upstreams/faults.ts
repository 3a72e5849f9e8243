/** What an upstream may do wrong, one after the other, and what our edge's client may see of it. */
import type { Socket } from "node:net";

/** Of an answer: its status where it is whole; `cut`: a head, then less than it promised; `nothing`: the connection is closed. */
export type Seen = number | "cut" | "nothing";

export interface UpstreamFault {
  readonly id: string;
  /** Completes "an upstream that …". */
  readonly what: string;
  /** Has the whole head of a request, of POSTs not the body. */
  readonly act: (socket: Socket) => void;
  /** What the client may see; 502 and 504 are ours. */
  readonly ours: readonly Seen[];
  readonly method?: "GET" | "HEAD" | "POST";
  /** It is asked again, as often as the target's retries allow: not a byte came, and the method changes nothing. */
  readonly again?: true;
  /** Of the body that arrives whole. */
  readonly body?: RegExp;
  /** 1xx that arrive before. */
  readonly interim?: readonly number[];
  /** Fields that do not arrive. */
  readonly lacks?: readonly string[];
}

const OK = "HTTP/1.1 200 OK\r\n";
const BAD: readonly number[] = [502];
const CUT: readonly "cut"[] = ["cut"];
/** A tear in what was begun: a 502 where nothing was passed on yet. */
const TORN: readonly Seen[] = [502, "cut"];

const HEADS: readonly UpstreamFault[] = [
  { id: "closes", what: "closes without an answer", act: (socket) => socket.end(), ours: BAD, again: true },
  { id: "closes-post", what: "closes without an answer to a POST", act: (socket) => socket.end(), ours: BAD, method: "POST" },
  { id: "resets", what: "resets the connection", act: (socket) => socket.resetAndDestroy(), ours: BAD, again: true },
  {
    id: "resets-post",
    what: "resets the connection of a POST",
    act: (socket) => socket.resetAndDestroy(),
    ours: BAD,
    method: "POST",
  },
  { id: "never", what: "never answers", act: () => {}, ours: [504] },
  { id: "half-head", what: "closes within the head", act: says(`${OK}X-A: b`, "end"), ours: BAD },
  { id: "garbage", what: "does not speak HTTP", act: says("SSH-2.0-OpenSSH_9.2\r\n\r\n"), ours: BAD },
  {
    id: "garbage-post",
    what: "answers a POST with something else than HTTP",
    act: says("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    ours: BAD,
    method: "POST",
  },
  { id: "binary", what: "sends random bytes", act: says("\x00\xff\x16\x03\r\n\r\n\x7f".repeat(20)), ours: BAD },
  { id: "version", what: "answers in HTTP/2.0", act: says("HTTP/2.0 200 OK\r\n\r\n"), ours: BAD },
  { id: "status", what: "answers with status 20x", act: says("HTTP/1.1 20x OK\r\nContent-Length: 0\r\n\r\n"), ours: BAD },
  { id: "status-low", what: "answers with status 099", act: says("HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"), ours: BAD },
  {
    id: "head-large",
    what: "sends a head of 256 KiB",
    act: says(`${OK}X-A: ${"b".repeat(262_144)}\r\nContent-Length: 0\r\n\r\n`),
    ours: BAD,
  },
  { id: "head-endless", what: "sends fields without end", act: says(OK + "X-A: b\r\n".repeat(40_000)), ours: BAD },
  { id: "field-space", what: "sends a space before a colon", act: says(`${OK}Content-Length : 2\r\n\r\nok`), ours: BAD },
  { id: "field-nul", what: "sends a NUL in a value", act: says(`${OK}X-A: \0\r\nContent-Length: 2\r\n\r\nok`), ours: BAD },
  {
    id: "field-cr",
    what: "sends a bare CR in a value",
    act: says(`${OK}X-A: b\rSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok`),
    ours: BAD,
  },
  {
    id: "switches",
    what: "switches protocols unasked",
    act: says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nbytes"),
    ours: BAD,
  },
];

const FRAMING: readonly UpstreamFault[] = [
  {
    id: "both",
    what: "sends Content-Length and Transfer-Encoding",
    act: says(`${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    ours: [200, 502],
    body: /^ok$/,
  },
  {
    id: "lengths",
    what: "sends two different Content-Length",
    act: says(`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`),
    ours: BAD,
  },
  { id: "length-letters", what: "sends a Content-Length of letters", act: says(`${OK}Content-Length: ok\r\n\r\nok`), ours: BAD },
  { id: "length-minus", what: "sends Content-Length: -1", act: says(`${OK}Content-Length: -1\r\n\r\nok`), ours: BAD },
  { id: "coding", what: "sends Transfer-Encoding: gzip", act: says(`${OK}Transfer-Encoding: gzip\r\n\r\nok`, "end"), ours: BAD },
  { id: "short", what: "sends less than it says and closes", act: says(`${OK}Content-Length: 9\r\n\r\nok`, "end"), ours: TORN },
  {
    id: "short-reset",
    what: "sends less than it says and resets",
    act: (socket) => void socket.write(`${OK}Content-Length: 9\r\n\r\nok`, () => socket.resetAndDestroy()),
    ours: TORN,
  },
  {
    id: "long",
    what: "sends more than it says",
    act: says(`${OK}Content-Length: 2\r\n\r\nok and more`),
    ours: [200],
    body: /^ok$/,
  },
  {
    id: "two-answers",
    what: "sends two answers to one request",
    act: says(`${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 4\r\n\r\nevil`),
    ours: [200],
    body: /^ok$/,
  },
  { id: "stalls", what: "falls silent within the body", act: says(`${OK}Content-Length: 9\r\n\r\nok`), ours: [...CUT, 504] },
  {
    id: "chunk-cut",
    what: "closes within a chunk",
    act: says(`${OK}Transfer-Encoding: chunked\r\n\r\n9\r\nok`, "end"),
    ours: TORN,
  },
  {
    id: "chunk-last",
    what: "closes before the last chunk",
    act: says(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`, "end"),
    ours: TORN,
  },
  {
    id: "chunk-size",
    what: "sends a chunk size of letters",
    act: says(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n`),
    ours: TORN,
  },
  {
    id: "chunk-stalls",
    what: "falls silent between chunks",
    act: says(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`),
    ours: [...CUT, 504],
  },
];

const ALLOWED: readonly UpstreamFault[] = [
  {
    id: "early",
    what: "answers an upload before it has read it",
    act: says(`${OK}Content-Length: 5\r\n\r\nearly`),
    ours: [200],
    method: "POST",
    body: /^early$/,
  },
  {
    id: "early-close",
    what: "refuses an upload and closes",
    act: says("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge", "end"),
    ours: [413, 502],
    method: "POST",
  },
  {
    id: "interim",
    what: "sends 100 and 103 first",
    act: says(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`),
    ours: [200],
    body: /^ok$/,
    interim: [103],
  },
  {
    id: "no-content",
    what: "sends a body with 204",
    act: says("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil"),
    ours: [204, 502],
  },
  {
    id: "not-modified",
    what: "sends 304 with a length",
    act: says("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"),
    ours: [304],
  },
  { id: "head", what: "answers HEAD with a length", act: says(`${OK}Content-Length: 99\r\n\r\n`), ours: [200], method: "HEAD" },
  {
    id: "head-body",
    what: "answers HEAD with a body",
    act: says(`${OK}Content-Length: 4\r\n\r\nevil`),
    ours: [200],
    method: "HEAD",
  },
  {
    id: "until-close",
    what: "ends the body by closing",
    act: says(`${OK}\r\nuntil the end`, "end"),
    ours: [200],
    body: /^until the end$/,
  },
  { id: "old", what: "speaks HTTP/1.0", act: says("HTTP/1.0 200 OK\r\n\r\nold", "end"), ours: [200], body: /^old$/ },
  {
    id: "no-reason",
    what: "sends no reason",
    act: says("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
    ours: [200],
    body: /^ok$/,
  },
  {
    id: "bytes",
    what: "sends byte after byte",
    act: (socket) => drip(socket, `${OK}Content-Length: 2\r\nX-A: b\r\n\r\nok`),
    ours: [200],
    body: /^ok$/,
  },
  {
    id: "hop",
    what: "sends fields of one hop",
    act: says(
      `${OK}Connection: X-Secret, keep-alive\r\nKeep-Alive: timeout=9\r\nX-Secret: 1\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nok`,
    ),
    ours: [200],
    lacks: ["x-secret", "keep-alive", "proxy-authenticate"],
  },
];

export const UPSTREAM_FAULTS: readonly (readonly [title: string, faults: readonly UpstreamFault[]])[] = [
  ["No answer, or none that is one", HEADS],
  ["Answers that end wrongly", FRAMING],
  ["Odd, but allowed", ALLOWED],
];

// Private

function says(text: string, then: "end" | "wait" = "wait"): (socket: Socket) => void {
  return (socket) => {
    if (then === "end") socket.end(text, "latin1");
    else socket.write(text, "latin1");
  };
}

function drip(socket: Socket, text: string): void {
  socket.setNoDelay(true);
  const next = (at: number): void => {
    if (at < text.length && !socket.destroyed) socket.write(text[at]!, () => setImmediate(next, at + 1));
  };
  next(0);
}
