/** The first line: methods, versions, forms of the target, and paths that mean another one than they say. */
import { get, HOST, head, post, REFUSED, SERVED, type Group, type Vector } from "./vector.ts";

const REST = [`Host: ${HOST}`, "X-Vector: /ID", "Connection: close"];
const VERSION: readonly number[] = [400, 505];

const LINES: readonly Vector[] = [
  line("version-0-9", "HTTP/0.9", "GET /ID", VERSION),
  line("version-2-0", "HTTP/2.0", "GET /ID HTTP/2.0", VERSION),
  line("version-1-2", "HTTP/1.2", "GET /ID HTTP/1.2", VERSION),
  line("version-lower", "http/1.1 in lower case", "GET /ID http/1.1", VERSION),
  line("version-long", "HTTP/1.10", "GET /ID HTTP/1.10", VERSION),
  line("version-other", "another protocol's name", "GET /ID HTCPCP/1.1", VERSION),
  line("two-spaces", "two spaces in the first line", "GET  /ID HTTP/1.1"),
  line("tab", "a tab in the first line", "GET\t/ID HTTP/1.1"),
  line("space-end", "a space behind the version", "GET /ID HTTP/1.1 "),
  line("space-before", "a space in front of the method", " GET /ID HTTP/1.1"),
  line("space-target", "a space in the target", "GET /ID HTTP/1.1 HTTP/1.1"),
  line("method-paren", "a parenthesis in the method", "GE(T /ID HTTP/1.1"),
  line("method-nul", "a NUL in the method", "GE\0T /ID HTTP/1.1"),
  line("connect", "CONNECT", `CONNECT ${HOST}:443 HTTP/1.1`, [400, 405, 501]),
  line("connect-path", "CONNECT with a path", "CONNECT /ID HTTP/1.1", [400, 405, 501]),
  { id: "preface", what: "the first bytes of HTTP/2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ours: [VERSION], seen: 0 },
  {
    id: "client-hello",
    what: "the first bytes of TLS",
    bytes: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ours: [[400, "cut"]],
    seen: 0,
  },
  { id: "empty-line", what: "an empty line in front", bytes: `\r\n${get([])}`, ours: [[200, 400]], seen: 1 },
];

const FORMS: readonly Vector[] = [
  {
    ...line("absolute", "an absolute target of the same host", `GET http://${HOST}/ID HTTP/1.1`, SERVED),
    seen: 1,
    arrives: { target: /^\/v\/absolute$/ },
  },
  line("absolute-other", "an absolute target of another host", "GET http://evil.test/ID HTTP/1.1"),
  line("absolute-port", "an absolute target of another port", `GET http://${HOST}:81/ID HTTP/1.1`),
  line("absolute-user", "an absolute target with a user", `GET http://evil@${HOST}/ID HTTP/1.1`),
  line("absolute-scheme", "an absolute target of another scheme", `GET ftp://${HOST}/ID HTTP/1.1`),
  line("absolute-empty", "an absolute target without a host", "GET http:///ID HTTP/1.1"),
  line("no-slash", "a target that does not begin with a slash", "GET ID HTTP/1.1"),
  line("fragment", "a fragment", "GET /ID#x HTTP/1.1"),
  line("target-high", "a byte above 127 in the target", "GET /ID\xe4 HTTP/1.1"),
  line("target-control", "a control character in the target", "GET /ID\x01 HTTP/1.1"),
  line("target-nul", "a NUL in the target", "GET /ID\0 HTTP/1.1"),
  line("asterisk-get", "GET *", "GET * HTTP/1.1"),
  { ...line("asterisk-options", "OPTIONS *", "OPTIONS * HTTP/1.1", [200, 204, 400, 404]), seen: 1 },
];

const PATHS: readonly Vector[] = [
  line("percent-bad", "a percent sign and no digits", "GET /ID/%zz HTTP/1.1"),
  line("percent-half", "a percent sign and one digit", "GET /ID/%2 HTTP/1.1"),
  line("percent-nul", "%00", "GET /ID/%00 HTTP/1.1"),
  path("dots", "dot segments", "/a/../ID", /^\/v\/dots$/),
  path("dots-encoded", "encoded dot segments", "/a/%2e%2E/ID", /^\/v\/dots-encoded$/),
  path("dots-above", "dot segments above the root", "/../../ID", /^\/v\/dots-above$/),
  path("slashes", "two slashes in front", "//evil.test/ID", /^\/evil\.test\/v\/slashes$|^\/\/evil\.test\/v\/slashes$/),
  path("encoded-letters", "encoded letters", "/%49D/x", /^\/ID\/x$/),
  path("double", "percent-encoding encoded again", "/a/%252e%252e/ID", /^\/a\/%252e%252e\/v\/double$/),
  {
    ...path("backslash", "backslashes for slashes", "/a\\..\\ID", /v/),
    ours: [[200, 400]],
    arrives: { target: /^\/a(\\|%5C)\.\.(\\|%5C)ID$|^\/a.*ID$/ },
  },
  { ...path("slash-encoded", "an encoded slash", "/a/..%2fID", /./), ours: [[200, 400]], arrives: { target: /^\/a\/\.\.%2F/i } },
  { ...path("semicolon", "a dot segment with a parameter", "/a/..;/ID", /^\/a\/\.\.;\/v\/semicolon$/), ours: [[200, 400]] },
  path("query", "dot segments in the query", "/ID?a=/../b&c=%2e%2e", /^\/v\/query\?a=\/\.\.\/b&c=%2e%2e$/),
];

const OLD: readonly Vector[] = [
  { id: "old-no-host", what: "HTTP/1.0 without Host", bytes: head("GET /ID HTTP/1.0", []), ours: [[400, 404, 421]], seen: 0 },
  { id: "old", what: "HTTP/1.0", bytes: head("GET /ID HTTP/1.0", [`Host: ${HOST}`]), ours: [SERVED], seen: 1 },
  {
    id: "old-keep-alive",
    what: "HTTP/1.0 with keep-alive, twice",
    bytes: head("GET /ID HTTP/1.0", [`Host: ${HOST}`, "Connection: keep-alive"]) + head("GET /ID HTTP/1.0", [`Host: ${HOST}`]),
    ours: [SERVED, SERVED],
    seen: 2,
  },
  {
    id: "old-expect",
    what: "HTTP/1.0 with Expect",
    bytes: `${head("POST /ID HTTP/1.0", [`Host: ${HOST}`, "Content-Length: 5", "Expect: 100-continue"])}hello`,
    ours: [SERVED],
    seen: 1,
  },
  {
    id: "expect",
    what: "Expect: 100-continue",
    bytes: [post(["Content-Length: 5", "Expect: 100-continue"], ""), "hello"],
    ours: [[100], SERVED],
    seen: 1,
    arrives: { body: "hello" },
  },
  {
    id: "expect-sent",
    what: "Expect: 100-continue, and the body at once",
    bytes: post(["Content-Length: 5", "Expect: 100-continue"], "hello"),
    ours: [[100, 200], SERVED],
    seen: 1,
  },
  {
    id: "expect-other",
    what: "another expectation",
    bytes: post(["Content-Length: 5", "Expect: tea"], "hello"),
    ours: [[417, 400, 200]],
    seen: 1,
  },
];

export const TARGETS: readonly Group[] = [
  { title: "The first line", vectors: LINES },
  { title: "Forms of the target", vectors: FORMS },
  { title: "Paths", vectors: PATHS },
  { title: "HTTP/1.0 and Expect", vectors: OLD },
];

// Private

function line(id: string, what: string, first: string, ours: readonly (number | "cut")[] = REFUSED): Vector {
  return { id, what, bytes: head(first, REST), ours: [ours], seen: 0 };
}

function path(id: string, what: string, target: string, arrives: RegExp): Vector {
  return { ...line(id, what, `GET ${target} HTTP/1.1`, SERVED), seen: 1, arrives: { target: arrives } };
}
