import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HttpError } from "./http-error.ts";
import { parseRequestHead, type RequestHead } from "./request-head.ts";

const LIMITS = { maxFields: 100, maxTarget: 8192 };

function parse(text: string): RequestHead {
  return parseRequestHead(text, LIMITS);
}

function fault(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    return `${error.status} ${error.code}`;
  }
  return "accepted";
}

const get = (fields: string, line = "GET / HTTP/1.1"): string => `${line}\r\n${fields}`;
const host = (value: string): string => get(`Host: ${value}\r\n`);
const with1 = (fields: string): string => get(`Host: a\r\n${fields}`);
const line = (text: string): string => get("Host: a\r\n", text);

const REFUSED: readonly (readonly [what: string, text: string, fault: string])[] = [
  ["no method", line(" / HTTP/1.1"), "400 bad-request-line"],
  ["two spaces", line("GET  / HTTP/1.1"), "400 bad-request-line"],
  ["a tab", line("GET\t/ HTTP/1.1"), "400 bad-request-line"],
  ["a space in the target", line("GET /a b HTTP/1.1"), "400 bad-request-line"],
  ["a fragment", line("GET /a#b HTTP/1.1"), "400 bad-request-line"],
  ["NUL in the target", line("GET /\0 HTTP/1.1"), "400 bad-request-line"],
  ["DEL in the target", line("GET /\x7f HTTP/1.1"), "400 bad-request-line"],
  ["a byte above ASCII in the target", line("GET /\xe9 HTTP/1.1"), "400 bad-request-line"],
  ["HTTP/0.9", "GET /\r\n", "400 bad-request-line"],
  ["LF alone after the request line", "GET / HTTP/1.1\nHost: a\r\n", "400 bad-request-line"],
  ["a space after the version", line("GET / HTTP/1.1 "), "400 bad-request-line"],
  ["a version in lower case", line("GET / http/1.1"), "400 bad-request-line"],
  ["HTTP/2.0", line("PRI * HTTP/2.0"), "505 bad-version"],
  ["HTTP/1.2", line("GET / HTTP/1.2"), "505 bad-version"],
  ["CONNECT", line("CONNECT a:443 HTTP/1.1"), "501 bad-method"],
  ["a method without end", line(`${"M".repeat(33)} / HTTP/1.1`), "501 bad-method"],
  ["a target that is a name", line("GET a HTTP/1.1"), "400 bad-target"],
  ["* with GET", line("GET * HTTP/1.1"), "400 bad-target"],
  ["another scheme", line("GET ftp://a/ HTTP/1.1"), "400 bad-target"],
  ["an absolute target without a host", line("GET http:///x HTTP/1.1"), "400 bad-target"],
  ["an absolute target for another host", line("GET http://evil/x HTTP/1.1"), "400 bad-host"],
  ["an absolute target for another port", line("GET http://a:81/x HTTP/1.1"), "400 bad-host"],
  ["an absolute target with a user", get("Host: u@a\r\n", "GET http://u@a/x HTTP/1.1"), "400 bad-host"],
  ["a long target", line(`GET /${"a".repeat(8192)} HTTP/1.1`), "414 target-too-long"],
  ["no Host", "GET / HTTP/1.1\r\n", "400 bad-host"],
  ["two Hosts", with1("Host: a\r\n"), "400 bad-host"],
  ["an empty Host", host(""), "400 bad-host"],
  ["a path in Host", host("a/b"), "400 bad-host"],
  ["a user in Host", host("b@c"), "400 bad-host"],
  ["a list in Host", host("a, b"), "400 bad-host"],
  ["a percent in Host", host("a%2eb"), "400 bad-host"],
  ["an empty label", host("a..b"), "400 bad-host"],
  ["a leading dot", host(".a"), "400 bad-host"],
  ["a port that is no number", host("a:b"), "400 bad-host"],
  ["an empty port", host("a:"), "400 bad-host"],
  ["a port too high", host("a:65536"), "400 bad-host"],
  ["two ports", host("a:1:2"), "400 bad-host"],
  ["an open bracket", host("[::1"), "400 bad-host"],
  ["no IPv6 in brackets", host("[a]"), "400 bad-host"],
  ["a zone", host("[fe80::1%eth0]"), "400 bad-host"],
  ["something after the bracket", host("[::1]a"), "400 bad-host"],
  ["a long Host", host("a".repeat(256)), "400 bad-host"],
  ["a space before the colon", with1("X : 1\r\n"), "400 bad-field"],
  ["a space before the name", with1(" X: 1\r\n"), "400 bad-field"],
  ["a folded line", with1("X: 1\r\n 2\r\n"), "400 bad-field"],
  ["an empty name", with1(": 1\r\n"), "400 bad-field"],
  ["no colon", with1("X\r\n"), "400 bad-field"],
  ["LF alone", with1("X: 1\nY: 2\r\n"), "400 bad-field"],
  ["CR alone", with1("X: 1\rY: 2\r\n"), "400 bad-field"],
  ["NUL in a value", with1("X: \0\r\n"), "400 bad-field"],
  ["a byte above ASCII in a name", with1("X\xe9: 1\r\n"), "400 bad-field"],
  ["too many fields", with1("X: 1\r\n".repeat(100)), "431 too-many-fields"],
  ["an empty length", with1("Content-Length: \r\n"), "400 bad-length"],
  ["a signed length", with1("Content-Length: +1\r\n"), "400 bad-length"],
  ["a negative length", with1("Content-Length: -1\r\n"), "400 bad-length"],
  ["a hexadecimal length", with1("Content-Length: 0x1\r\n"), "400 bad-length"],
  ["a list of lengths", with1("Content-Length: 1, 1\r\n"), "400 bad-length"],
  ["a length beyond counting", with1("Content-Length: 9999999999999999\r\n"), "400 bad-length"],
  ["two lengths", with1("Content-Length: 1\r\nContent-Length: 1\r\n"), "400 ambiguous-length"],
  ["a length and a coding", with1("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), "400 ambiguous-length"],
  ["a coding and a length", with1("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), "400 ambiguous-length"],
  ["two codings", with1("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "400 ambiguous-length"],
  ["another coding", with1("Transfer-Encoding: gzip\r\n"), "501 bad-coding"],
  ["another coding before chunked", with1("Transfer-Encoding: gzip, chunked\r\n"), "501 bad-coding"],
  ["identity", with1("Transfer-Encoding: identity\r\n"), "501 bad-coding"],
  ["a parameter of chunked", with1("Transfer-Encoding: chunked;q=1\r\n"), "501 bad-coding"],
  ["a comma after chunked", with1("Transfer-Encoding: chunked,\r\n"), "501 bad-coding"],
  ["chunked in quotes", with1('Transfer-Encoding: "chunked"\r\n'), "501 bad-coding"],
  ["a control before chunked", with1("Transfer-Encoding: \x0bchunked\r\n"), "400 bad-field"],
  ["an empty coding", with1("Transfer-Encoding:\r\n"), "501 bad-coding"],
  ["a coding in HTTP/1.0", get("Host: a\r\nTransfer-Encoding: chunked\r\n", "POST / HTTP/1.0"), "400 bad-coding"],
  ["a flood of options", with1(`Connection: ${"a,".repeat(17)}\r\n`), "400 bad-connection"],
  ["another expectation", with1("Expect: the-worst\r\n"), "417 bad-expect"],
];

describe("a request's head", () => {
  for (const [what, text, expected] of REFUSED) test(`is refused: ${what}`, () => assert.equal(fault(text), expected));

  test("says what it says", () => {
    const head = parse("POST /a?b=c HTTP/1.1\r\nHost:\tApp.Example.:8080 \r\nContent-Length: 007\r\nExpect: 100-Continue\r\nX-Empty:\r\n");
    assert.deepEqual([head.method, head.target, head.minor, head.length], ["POST", "/a?b=c", 1, 7]);
    assert.deepEqual([head.authority, head.host], ["App.Example.:8080", "app.example"]);
    assert.deepEqual([head.keepAlive, head.expectsContinue, head.upgrade], [true, true, null]);
    assert.equal(head.fields.get("x-empty"), "");
  });

  const TARGETS: readonly (readonly [line: string, target: string, host: string])[] = [
    ["GET http://a HTTP/1.1", "/", "a"],
    ["GET HTTPS://A/x?y HTTP/1.1", "/x?y", "a"],
    ["GET http://a?y HTTP/1.1", "/?y", "a"],
    ["OPTIONS http://a HTTP/1.1", "*", "a"],
    ["OPTIONS * HTTP/1.1", "*", "a"],
    ["GET //evil/x HTTP/1.1", "//evil/x", "a"],
    ['GET /"<>\\^`{|} HTTP/1.1', '/"<>\\^`{|}', "a"],
  ];
  for (const [text, target, name] of TARGETS)
    test(`${text} is for ${target}`, () => assert.deepEqual([parse(line(text)).target, parse(line(text)).host], [target, name]));

  const HOSTS: readonly (readonly [authority: string, host: string])[] = [
    ["A.b_c-d", "a.b_c-d"],
    ["127.0.0.1:80", "127.0.0.1"],
    ["[::1]", "[::1]"],
    ["[2001:DB8::1]:443", "[2001:db8::1]"],
    ["a.", "a"],
  ];
  for (const [authority, name] of HOSTS) test(`the host of ${authority} is ${name}`, () => assert.equal(parse(host(authority)).host, name));

  test("of HTTP/1.0 may have no Host, and keeps the connection only when asked", () => {
    const head = parse("GET / HTTP/1.0\r\n");
    assert.deepEqual([head.authority, head.host, head.keepAlive], ["", "", false]);
    assert.equal(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n").keepAlive, true);
    assert.equal(parse("GET http://b/ HTTP/1.0\r\n").host, "b");
  });

  test("closes the connection when any Connection says so", () => {
    assert.equal(parse(with1("Connection: close\r\nConnection: keep-alive\r\n")).keepAlive, false);
    assert.equal(parse(with1("Connection: x, Close\r\n")).keepAlive, false);
  });

  test("asks for a WebSocket only with both fields, GET and no body", () => {
    const both = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
    assert.equal(parse(with1(both)).upgrade, "websocket");
    assert.equal(parse(with1("Upgrade: websocket\r\n")).upgrade, null);
    assert.equal(parse(with1("Connection: upgrade\r\nUpgrade: h2c\r\n")).upgrade, null);
    assert.equal(parse(with1(`${both}Content-Length: 1\r\n`)).upgrade, null);
    assert.equal(parse(get(`Host: a\r\n${both}`, "POST / HTTP/1.1")).upgrade, null);
  });
});
