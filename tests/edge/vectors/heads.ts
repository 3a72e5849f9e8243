/** The grammar of heads: lines, names, values, sizes, and Host. */
import { get, HOST, head, REFUSED, SERVED, type Group, type Vector } from "./vector.ts";

const TOO_LARGE: readonly number[] = [431];

const FIELDS: readonly Vector[] = [
  field("name-space", "a space in a field's name", "X A: b"),
  field("name-space-end", "a space between name and colon", "X-A : b"),
  field("name-tab-end", "a tab between name and colon", "X-A\t: b"),
  field("name-empty", "an empty field name", ": b"),
  field("name-high", "a byte above 127 in a field's name", "X-\xe4: b"),
  field("name-paren", "a parenthesis in a field's name", "X(A): b"),
  field("name-nul", "a NUL in a field's name", "X\0A: b"),
  field("no-colon", "a line without a colon", "nonsense"),
  field("folded", "a folded value", "X-A: b\r\n c"),
  field("folded-tab", "a value folded with a tab", "X-A: b\r\n\tc"),
  field("value-nul", "a NUL in a value", "X-A: b\0c"),
  field("value-cr", "a bare CR in a value", "X-A: b\rc"),
  field("value-lf", "a bare LF in a value", "X-A: b\nX-B: c"),
  field("value-control", "a control character in a value", "X-A: b\x01c"),
  field("value-delete", "a DEL in a value", "X-A: b\x7fc"),
  {
    id: "first-space",
    what: "a first field that begins with a space",
    bytes: head("GET /ID HTTP/1.1", [` X-A: b`, `Host: ${HOST}`, "Connection: close"]),
    ours: [REFUSED],
    seen: 0,
  },
  {
    id: "all-lf",
    what: "lines that end with LF alone",
    bytes: `GET /ID HTTP/1.1\nHost: ${HOST}\nConnection: close\n\n`,
    ours: [REFUSED],
    seen: 0,
  },
  { id: "value-high", what: "bytes above 127 in a value", bytes: get(["X-A: \xe4\xff"]), ours: [[200, 400]], seen: 1 },
  {
    id: "value-spaces",
    what: "spaces and tabs around a value",
    bytes: get(["X-A: \t b \t "]),
    ours: [SERVED],
    seen: 1,
    arrives: { has: { "x-a": /^b$/ } },
  },
  { id: "value-empty", what: "an empty value", bytes: get(["X-A:"]), ours: [SERVED], seen: 1 },
];

const SIZES: readonly Vector[] = [
  {
    id: "many-fields",
    what: "2,000 fields",
    bytes: get(Array.from({ length: 2_000 }, (_, at) => `X-${at}: b`)),
    ours: [TOO_LARGE],
    seen: 0,
  },
  { id: "large-field", what: "a value of 128 KiB", bytes: get([`X-A: ${"b".repeat(131_072)}`]), ours: [TOO_LARGE], seen: 0 },
  { id: "large-name", what: "a field's name of 128 KiB", bytes: get([`X-${"a".repeat(131_072)}: b`]), ours: [[400, 431]], seen: 0 },
  { id: "large-target", what: "a target of 128 KiB", bytes: get([], `/ID?${"a".repeat(131_072)}`), ours: [[414, 431]], seen: 0 },
  { id: "large-method", what: "128 KiB of letters", bytes: "A".repeat(131_072), ours: [[400, 414, 431, 501]], seen: 0 },
  { id: "large-cookie", what: "12 KiB of cookies", bytes: get([`Cookie: a=${"b".repeat(12_288)}`]), ours: [SERVED], seen: 1 },
];

const HOSTS: readonly Vector[] = [
  { id: "host-none", what: "no Host", bytes: head("GET /ID HTTP/1.1", ["Connection: close"]), ours: [REFUSED], seen: 0 },
  hosts("host-twice-same", "two equal Host", HOST, HOST),
  hosts("host-twice-differ", "two different Host", HOST, "evil.test"),
  hosts("host-empty", "an empty Host", ""),
  hosts("host-list", "two names in Host", `${HOST}, evil.test`),
  hosts("host-user", "a user in Host", `evil@${HOST}`),
  hosts("host-path", "a path in Host", `${HOST}/x`),
  hosts("host-space", "a space in Host", `${HOST} evil.test`),
  hosts("host-hash", "a # in Host", `${HOST}#x`),
  hosts("host-backslash", "a backslash in Host", `evil.test\\${HOST}`),
  hosts("host-port-letters", "a port of letters", `${HOST}:http`),
  hosts("host-port-large", "port 99999", `${HOST}:99999`),
  hosts("host-port-twice", "two ports", `${HOST}:80:81`),
  hosts("host-bracket", "half a bracket in Host", "[::1"),
  hosts("host-high", "a byte above 127 in Host", "\xe4.test"),
  hosts("host-scheme", "a scheme in Host", `http://${HOST}`),
  { ...hosts("host-percent", "a percent-encoded dot in Host", "edge%2etest"), ours: [[400, 404, 421]] },
  { ...hosts("host-unknown", "a host that nobody configured", "unknown.test"), ours: [[404, 421]] },
  { ...hosts("host-address", "an address as Host", "127.0.0.1"), ours: [[404, 421]] },
  { ...hosts("host-upper", "Host in upper case", HOST.toUpperCase()), ours: [SERVED], seen: 1 },
  { ...hosts("host-dot", "a dot behind Host", `${HOST}.`), ours: [SERVED], seen: 1 },
  { ...hosts("host-port", "a port in Host", `${HOST}:8080`), ours: [SERVED], seen: 1 },
];

export const HEADS: readonly Group[] = [
  { title: "Fields", vectors: FIELDS },
  { title: "Sizes", vectors: SIZES },
  { title: "Host", vectors: HOSTS },
];

// Private

function field(id: string, what: string, line: string): Vector {
  return { id, what, bytes: get([line]), ours: [REFUSED], seen: 0 };
}

function hosts(id: string, what: string, ...names: readonly string[]): Vector {
  const lines = names.map((name) => `Host: ${name}`);
  return { id, what, bytes: head("GET /ID HTTP/1.1", [...lines, "Connection: close"]), ours: [REFUSED], seen: 0 };
}
