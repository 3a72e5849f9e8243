/** Fields by which a client says it is somebody else, and fields by which it takes some away that others rely on. */
import { get, HOST, post, SERVED, type Group, type Vector } from "./vector.ts";

const FORGED: readonly Vector[] = [
  forged("forwarded-for", "X-Forwarded-For", "X-Forwarded-For: 6.6.6.6"),
  forged("forwarded-for-twice", "two X-Forwarded-For", "X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 6.6.6.6"),
  forged("forwarded-for-underscore", "X_Forwarded_For", "X_Forwarded_For: 6.6.6.6"),
  forged("forwarded-for-dot", "X.Forwarded.For", "X.Forwarded.For: 6.6.6.6"),
  forged("forwarded", "Forwarded", "Forwarded: for=6.6.6.6;host=forged"),
  forged("real-ip", "X-Real-IP", "X-Real-IP: 6.6.6.6"),
  forged("real-ip-underscore", "X_Real_IP", "X_Real_IP: 6.6.6.6"),
  forged("forwarded-host", "X-Forwarded-Host", "X-Forwarded-Host: forged.test"),
  forged("forwarded-proto", "X-Forwarded-Proto", "X-Forwarded-Proto: forged"),
  forged("forwarded-port", "X-Forwarded-Port and -Prefix", "X-Forwarded-Port: forged", "X-Forwarded-Prefix: /forged"),
  forged("auth-user", "X-Auth-User-Id", "X-Auth-User-Id: forged", "X-Auth-User-Groups: forged"),
  forged("auth-user-underscore", "X_Auth_User_Id and X-Auth_User.Id", "X_Auth_User_Id: forged", "X-Auth_User.Id: forged"),
  forged("remote-user", "Remote-User", "Remote-User: forged", "REMOTE_USER: forged"),
  forged("client-cert", "X-Forwarded-Client-Cert", "X-Forwarded-Client-Cert: Subject=forged"),
];

const NOMINATED: readonly Vector[] = [
  {
    id: "connection-forwarded",
    what: "Connection: X-Forwarded-For",
    bytes: nominated("X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host"),
    ours: [SERVED],
    seen: 1,
    arrives: { has: { "x-forwarded-for": /127\.0\.0\.1/, "x-forwarded-proto": /^http$/ } },
  },
  { id: "connection-host", what: "Connection: Host", bytes: nominated("Host"), ours: [[200, 400]], seen: 1 },
  {
    id: "connection-length",
    what: "Connection: Content-Length",
    bytes: post(["Content-Length: 5"], "hello").replace("Connection: close", "Connection: close, Content-Length"),
    ours: [[200, 400]],
    seen: 1,
    arrives: { body: "hello" },
  },
  {
    id: "connection-other",
    what: "Connection: X-Secret",
    bytes: get(["X-Secret: 1"]).replace("Connection: close", "Connection: close, x-secret"),
    ours: [SERVED],
    seen: 1,
    arrives: { lacks: ["x-secret"] },
  },
  {
    id: "hop-by-hop",
    what: "Keep-Alive, Proxy-Connection, TE and Proxy-Authorization",
    bytes: get(["Keep-Alive: timeout=9", "Proxy-Connection: keep-alive", "TE: gzip", "Proxy-Authorization: Basic eDp5"]),
    ours: [SERVED],
    seen: 1,
    arrives: { lacks: ["keep-alive", "proxy-connection", "te", "proxy-authorization"] },
  },
  {
    id: "upgrade-h2c",
    what: "Upgrade: h2c",
    bytes: get(["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]).replace(
      "Connection: close",
      "Connection: close, Upgrade, HTTP2-Settings",
    ),
    ours: [[200, 400]],
    seen: 1,
    arrives: { lacks: ["upgrade", "http2-settings"] },
  },
  {
    id: "transfer-underscore",
    what: "Transfer_Encoding: chunked",
    bytes: post(["Transfer_Encoding: chunked", "Content-Length: 5"], "hello"),
    ours: [[200, 400]],
    seen: 1,
    arrives: { body: "hello" },
  },
  {
    id: "length-underscore",
    what: "Content_Length: 0",
    bytes: post(["Content_Length: 0", "Content-Length: 5"], "hello"),
    ours: [[200, 400]],
    seen: 1,
    arrives: { body: "hello" },
  },
];

export const IDENTITY: readonly Group[] = [
  { title: "Forged identity", vectors: FORGED },
  { title: "Connection and other fields of one hop", vectors: NOMINATED },
];

// Private

function forged(id: string, what: string, ...lines: readonly string[]): Vector {
  return { id, what, bytes: get(lines), ours: [SERVED], seen: 1 };
}

function nominated(names: string): string {
  return `GET /ID HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close, ${names}\r\n\r\n`;
}
