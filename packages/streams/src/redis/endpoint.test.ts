import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "../config.ts";
import type { TidegateError } from "../errors.ts";
import { describeEndpoint, parseEndpoint, withoutSecrets, type Endpoint } from "./endpoint.ts";

const NOBODY = { username: undefined, password: undefined };
const PLAIN: Omit<Endpoint, "hosts"> = { ...NOBODY, sentinel: null, database: 0, tls: null };

const GOOD: readonly (readonly [url: string, endpoint: Endpoint])[] = [
  ["redis://box", { ...PLAIN, hosts: [{ host: "box", port: 6379 }] }],
  ["redis://[::1]:7000/3", { ...PLAIN, hosts: [{ host: "::1", port: 7000 }], database: 3 }],
  ["redis://:p%40ss@box/", { ...PLAIN, hosts: [{ host: "box", port: 6379 }], password: "p@ss" }],
  ["redis://ann:a@b@box", { ...PLAIN, hosts: [{ host: "box", port: 6379 }], username: "ann", password: "a@b" }],
  ["redis://ann@box", { ...PLAIN, hosts: [{ host: "box", port: 6379 }], username: "ann" }],
  ["rediss://box:6380/1", { ...PLAIN, hosts: [{ host: "box", port: 6380 }], database: 1, tls: {} }],
  [
    "redis+sentinel://u:p@h1,h2:2,[fe80::1]:3/my%20main/4?sentinelUsername=w&sentinelPassword=a%2Fb",
    {
      hosts: [
        { host: "h1", port: 26_379 },
        { host: "h2", port: 2 },
        { host: "fe80::1", port: 3 },
      ],
      sentinel: { primary: "my main", username: "w", password: "a/b" },
      username: "u",
      password: "p",
      database: 4,
      tls: null,
    },
  ],
  ["rediss+sentinel://h1/m", { ...PLAIN, hosts: [{ host: "h1", port: 26_379 }], sentinel: { ...NOBODY, primary: "m" }, tls: {} }],
];

for (const [url, endpoint] of GOOD) test(`${url} is read`, () => assert.deepEqual(parseEndpoint(url, "url"), endpoint));

const BAD: readonly (readonly [url: string, why: RegExp])[] = [
  ["localhost:6379", /does not begin with/],
  ["http://box", /does not begin with/],
  ["redis://", /host "" cannot be read/],
  ["redis://::1:6379", /host "::1:6379" cannot be read/],
  ["redis://box:99999", /port 99999/],
  ["redis://box:0", /port 0/],
  ["redis://box/zero", /database "zero"/],
  ["redis://box/0/1", /database "0\/1"/],
  ["redis://a,b", /several hosts/],
  ["redis://box?db=1", /parameter db is unknown/],
  ["redis://:a%zz@box", /two hexadecimal digits/],
  ["redis+sentinel://a,b", /which primary/],
  ["redis+sentinel://a,b/", /which primary/],
  ["redis+sentinel://a,,b/m", /host "" cannot be read/],
  ["redis+sentinel://a/m?password=x", /parameter password is unknown/],
  ["redis+cluster://a,b", /Cluster is not supported/],
];

for (const [url, why] of BAD)
  test(`${url} is refused with a reason`, () => {
    assert.throws(
      () => parseEndpoint(url, "REDIS_STREAMS_URL"),
      (error: TidegateError) => {
        assert.equal(error.code, "INVALID_CONFIG");
        assert.match(error.message, /^REDIS_STREAMS_URL /);
        assert.match(error.message, why);
        assert.ok(error.hint !== undefined);
        return true;
      },
    );
  });

test("no password is shown", () => {
  for (const url of ["redis://:hidden@box:x", "redis://u:hid/den@box", "redis+sentinel://u:hidden@a/m?sentinelPassword=hidden&x=1"]) {
    assert.doesNotMatch(withoutSecrets(url), /hidden|hid\/den/);
    assert.throws(
      () => parseEndpoint(url, "url"),
      (error: Error) => !/hidden|hid\/den/.test(error.message),
    );
  }
});

test("an endpoint is described without its user", () => {
  assert.equal(describeEndpoint(parseEndpoint("redis://u:p@[::1]/2", "url")), "[::1]:6379");
  assert.equal(describeEndpoint(parseEndpoint("redis+sentinel://u:p@a,b:2/m", "url")), "m (by sentinel a:26379,b:2)");
});

test("the password of the URL wins over REDIS_PASSWORD, the option over both", () => {
  const env = { REDIS_PASSWORD: "env" };
  assert.equal(parseConfig({ url: "redis://u@box" }, env).endpoint.password, "env");
  assert.equal(parseConfig({ url: "redis://u:url@box" }, env).endpoint.password, "url");
  assert.equal(parseConfig({ url: "redis://u:url@box", password: "option" }, env).endpoint.password, "option");
});

test("the sentinels' password in the URL wins over REDIS_SENTINEL_PASSWORD, which is nothing to a single server", () => {
  const env = { REDIS_SENTINEL_PASSWORD: "env", REDIS_PASSWORD: "server" };
  const endpoint = (url: string): Endpoint => parseConfig({ url }, env).endpoint;
  assert.deepEqual(endpoint("redis+sentinel://a/m?sentinelUsername=w").sentinel, { primary: "m", username: "w", password: "env" });
  assert.equal(endpoint("redis+sentinel://a/m").password, "server");
  assert.equal(endpoint("redis+sentinel://a/m?sentinelPassword=url").sentinel?.password, "url");
  assert.equal(endpoint("redis://box").sentinel, null);
});

test("a wrong TLS file is named by its variable", () => {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-tls-"));
  const garbage = join(folder, "garbage.pem");
  writeFileSync(garbage, "hello");
  const table: [env: Record<string, string>, message: RegExp][] = [
    [{ REDIS_TLS_CA: join(folder, "none.pem") }, /^REDIS_TLS_CA names a file that cannot be read: ENOENT/],
    [{ REDIS_TLS_CA: garbage }, /^REDIS_TLS_CA \(.*garbage.pem\) must hold certificates in PEM form/],
    [{ REDIS_TLS_CERT: garbage }, /^REDIS_TLS_CERT is set, but the key \(REDIS_TLS_KEY\) is missing/],
    [{ REDIS_TLS_KEY: garbage }, /^REDIS_TLS_KEY is set, but the certificate \(REDIS_TLS_CERT\) is missing/],
    [{ REDIS_TLS_CERT: garbage, REDIS_TLS_KEY: garbage }, /^REDIS_TLS_CERT .* must hold certificates/],
  ];
  try {
    for (const [env, message] of table) assert.throws(() => parseConfig({ url: "rediss://box" }, env), { code: "INVALID_CONFIG", message });
    assert.throws(() => parseConfig({ url: "rediss://box", tls: { ca: "hello" } }, {}), { message: /^tls.ca must hold certificates/ });
    assert.throws(() => parseConfig({ url: "redis://box", tls: { ca: "hello" } }, {}), { message: /asks for a plain connection/ });
    assert.equal(parseConfig({ url: "redis://box" }, { REDIS_TLS_CA: garbage }).endpoint.tls, null, "another program may need it");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
