import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Redactor } from "./redact.ts";

const redactor = new Redactor({ names: [], patterns: [] });
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
const PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nx9Zk\n-----END RSA PRIVATE KEY-----";

describe("names", () => {
  const secret =
    "authorization Authorization AUTHORIZATION proxy-authorization cookie set-cookie Set-Cookie x-api-key X-API-Key apiKey api_key APIKEY apikey " +
    "password Password user_password passwordHash db.password passwd pwd passphrase secret client_secret clientSecret SECRET_KEY " +
    "aws_secret_access_key token access_token accessToken refreshToken x-auth-token csrf-token id_token private_key privateKey signing_key " +
    "session sessionId session_id sid jwt otp pin credentials credential connect.sid";
  for (const name of secret.split(" ")) test(`${name} is secret`, () => assert.equal(redactor.secrecy(name), "secret"));

  const open =
    "order user author authority tokenizer token_count session_duration keyboard key id monkey inside passenger pass_rate path status pinned";
  for (const name of open.split(" ")) test(`${name} is not`, () => assert.equal(redactor.secrecy(name), "open"));

  for (const name of ["tokens", "max_tokens", "sessions", "cookies"])
    test(`${name} may be a number of them`, () => assert.equal(redactor.secrecy(name), "plural"));
});

describe("texts lose", () => {
  const cases: readonly (readonly [what: string, text: string, secret: string, kept: string])[] = [
    ["a bearer token", "sent Authorization=Bearer abcdef123456", "abcdef123456", "sent"],
    ["a bearer token in lower case", "bearer s3cr3tvalue was refused", "s3cr3tvalue", "was refused"],
    ["basic credentials", "used Basic dXNlcjpodW50ZXIy today", "dXNlcjpodW50ZXIy", "today"],
    ["a token of Tidegate", "token tg_abcdefghijklmnopqrstuvwxyz0123456789_-A", "tg_abcdef", "token"],
    ["a JWT", `got ${JWT} back`, "eyJzdWIi", "back"],
    ["a JWT that was cut off", `got ${JWT.slice(0, 40)}`, "eyJzdWIi", "got"],
    ["a private key", `key:\n${PEM}\nend`, "MIIEpAIBAAKCAQEA7", "end"],
    ["a private key that was cut off", PEM.slice(0, 50), "MIIEpAIB", ""],
    ["a private key in a JSON text", JSON.stringify({ pem: PEM }), "MIIEpAIB", "pem"],
    ["credentials in a URL", "connecting to redis://app:hunter2@db.example:6379/0", "hunter2", "db.example:6379/0"],
    ["a password alone in a URL", "rediss://:hunter2@db.example", "hunter2", "db.example"],
    ["a token in place of a user", "https://ghx0123@git.example/repo", "ghx0123", "git.example/repo"],
    ["an AWS key", "key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE", "used"],
    ["a GitHub token", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "0123456789abcdef", ""],
    ["a Stripe key", "sk_live_0123456789abcdef", "0123456789abcdef", ""],
    ["a secret in a query string", "/cb?code=7&access_token=abc.def,ghi&state=1", "abc.def,ghi", "code=7"],
    ["what stands behind it stays", "/cb?access_token=abc&state=one", "abc", "state=one"],
    ["a percent-encoded name", "access%5Ftoken=abc&x=1", "abc", "x=1"],
    ["a secret in a connection string", "Server=db;Password=hunter2;Timeout=5", "hunter2", "Timeout=5"],
    ["a quoted assignment", `DB_PASSWORD="hunter 2" node`, "hunter 2", "node"],
    ["a header's line", "GET /\r\nCookie: a=1; sid=2\r\nHost: x", "a=1", "Host: x"],
    ["a password as people write it", "the password: hunter2, again", "hunter2", "again"],
    ["an inspected object", "{ user: 'ann', password: 'hunter2' }", "hunter2", "ann"],
    ["a member of JSON", `{"user":"ann","api_key":"k-123 4","n":1}`, "k-123", `"n":1`],
    ["a member of JSON with quotes in it", `{"password":"hun\\"ter2","n":1}`, "ter2", `"n":1`],
    ["a member of JSON in JSON", `{"body":"{\\"password\\":\\"hunter2\\",\\"n\\":1}"}`, "hunter2", "n"],
    ["a member of JSON that was cut off", `{"n":1,"password":"hunt`, "hunt", `"n":1`],
  ];
  for (const [what, text, secret, kept] of cases) {
    test(what, () => {
      const result = redactor.text(text);
      assert.ok(text.includes(secret), "the case holds the secret");
      assert.ok(!result.includes(secret), result);
      assert.ok(result.includes("[redacted]"), result);
      assert.ok(result.includes(kept), result);
    });
  }

  const open = [
    "order shipped",
    "a basic understanding of bearer authentication",
    "ann@example.com wrote",
    "/orders?page=2&sort=name",
    "x = y == z",
    "https://example.com/a@b",
    `{"name":"ann","count":3}`,
    "eyJ",
    "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
  ];
  for (const text of open) test(`but ${JSON.stringify(text)} stays`, () => assert.equal(redactor.text(text), text));
});

describe("of one's own", () => {
  const own = new Redactor({ names: ["Card-Number2"], patterns: [/\b\d{4}-\d{4}\b/, /x\d/y] });
  test("names in any spelling", () => assert.equal(own.secrecy("cardNumber2"), "secret"));
  test("patterns everywhere, whatever their flags", () =>
    assert.equal(own.text("1234-5678 and 8765-4321 x1 x2"), "[redacted] and [redacted] [redacted] [redacted]"));
  test("patterns keep no state", () => assert.equal(own.text("1234-5678"), own.text("1234-5678")));
});

test("no text takes long to look through", () => {
  const hostile = [
    "eyJ-",
    "a.",
    'password:"',
    "://",
    "a=",
    '"a":',
    "-----BEGIN PRIVATE KEY-----",
    "bearer ",
    "cookie ",
    "x_token ",
    '\\"',
    "AKIA",
    "%5F=",
    "token:' ",
  ];
  for (const part of hostile) {
    const text = `=${part.repeat(Math.ceil(40_000 / part.length))}`;
    const before = process.cpuUsage();
    redactor.text(text);
    const spent = process.cpuUsage(before);
    assert.ok(spent.user + spent.system < 500_000, `${part}: ${(spent.user + spent.system) / 1_000} ms`);
  }
});
