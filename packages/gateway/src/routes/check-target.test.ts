/** Tests of what a target may be: defaults, the earlier systems' names, updates, and bad input field by field. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { GatewayError } from "../errors.ts";
import { ROUTE_FIELDS } from "./check-route.ts";
import { checkTarget, TARGET_FIELDS } from "./check-target.ts";
import type { TargetData } from "./spec.ts";

const URL_ONLY = { target_url: "http://127.0.0.1:9000" };
const HASH = `scrypt$16384$8$5$${"a".repeat(22)}$${"b".repeat(43)}`;

function checked(request: object, before: TargetData | null = null): TargetData {
  return checkTarget("a.example", request, before, "me");
}

function refused(request: unknown, says: RegExp): void {
  assert.throws(
    () => checkTarget("a.example", request, null, "me"),
    (error) => error instanceof GatewayError && error.code === "INVALID_TARGET" && says.test(error.message) && error.hint !== undefined,
    `${JSON.stringify(request)} ${says}`,
  );
}

describe("checkTarget", () => {
  it("completes a request of one field", () => {
    assert.deepEqual(checked(URL_ONLY), {
      upstream: { kind: "url", urls: ["http://127.0.0.1:9000"] },
      enabled: true,
      http: "redirect",
      enable_https: true,
      cert_name: null,
      preserve_host_header: true,
      custom_headers: {},
      custom_response_headers: {},
      route_mode: "all",
      enabled_routes: [],
      disabled_routes: [],
      access: null,
      balance: { policy: "p2c", retries: 2 },
      health: null,
      limits: { body: null, rate: null, concurrent: null },
      timeouts: { connect: 5000, response: 60_000, idle: 60_000 },
      compression: false,
      error_pages: {},
      mode: "open",
      hold: 30,
      message: null,
      upstream_tls: { ca: null, server_name: null, insecure: false },
      description: "",
      owner: "me",
    });
  });

  it("takes each way to say where requests go", () => {
    const upstream = (request: object): unknown => checked(request).upstream;
    assert.deepEqual(upstream({ target_url: "HTTPS://X.example:443/base/../b/" }), { kind: "url", urls: ["https://x.example/b/"] });
    assert.deepEqual(upstream({ target_urls: ["http://10.0.0.1", "http://10.0.0.2"] }), {
      kind: "url",
      urls: ["http://10.0.0.1", "http://10.0.0.2"],
    });
    assert.deepEqual(upstream({ service_name: "web:admin" }), { kind: "service", service: "web", port: "admin" });
    assert.deepEqual(upstream({ upstream: "service:web" }), { kind: "service", service: "web", port: null });
    for (const stored of [
      { kind: "url", urls: ["http://10.0.0.1:1"] },
      { kind: "service", service: "web", port: null },
    ])
      assert.deepEqual(upstream({ upstream: stored }), stored);
  });

  it("understands the earlier systems' fields", () => {
    const { http, enable_https, access } = checked({
      ...URL_ONLY,
      hostname: "A.example",
      enable_http: true,
      enable_https: false,
      auth_enabled: true,
      auth_proxy: "http://auth:4180/verify",
      auth_required_users: ["ada"],
      auth_excluded_paths: ["/health/"],
    });
    assert.deepEqual([http, enable_https], ["serve", false]);
    assert.equal(access?.forward?.url, "http://auth:4180/verify");
    assert.deepEqual([access?.required_users, access?.excluded_paths, access?.pass_headers], [["ada"], ["/health"], true]);
    assert.equal(checked({ auth_enabled: false }, checked({ ...URL_ONLY, access: { tokens: true } })).access, null);
  });

  it("changes only what an update names", () => {
    const before = checked({
      ...URL_ONLY,
      custom_headers: { "X-A": "1", "X-B": null },
      limits: { body: 10 },
      access: { basic: { users: { ada: { hash: HASH } } }, allow_ips: ["10.0.0.1"] },
    });
    assert.deepEqual(checked({}, before), before);
    const after = checked({ limits: { concurrent: 5 }, access: { deny_ips: ["::/0"] }, http: "serve" }, before);
    assert.deepEqual(after.limits, { body: 10, rate: null, concurrent: 5 });
    assert.deepEqual(after.access, { ...before.access, deny_ips: ["::/0"] });
    assert.deepEqual({ ...after, limits: before.limits, access: before.access, http: before.http }, before);
    assert.deepEqual(checked(before as never, null).upstream, before.upstream, "what is stored can be sent back");
  });

  it("completes what is said of a cache for forward-auth, and keeps it", () => {
    const forward = { url: "http://x", cache: { seconds: 9 } };
    const before = checked({ ...URL_ONLY, access: { forward } });
    assert.deepEqual(before.access?.forward?.cache, { seconds: 9, headers: ["authorization", "cookie"], paths: "each" });
    assert.equal(checked({ access: { forward: { timeout: 7 } } }, before).access?.forward?.cache?.seconds, 9);
    assert.equal(checked({ access: { forward: { cache: null } } }, before).access?.forward?.cache, null);
    const named = { ...forward, cache: { seconds: 9, headers: ["X-Api-Key"], paths: "all" } };
    assert.deepEqual(checked({ access: { forward: named } }, before).access?.forward?.cache?.headers, ["x-api-key"]);
  });

  it("keeps an update coherent", () => {
    assert.equal(checked({ enable_https: false }, checked(URL_ONLY)).http, "serve");
    refused({ ...URL_ONLY, enable_https: false, http: "off" }, /neither/);
    refused({ ...URL_ONLY, enable_https: false, http: "redirect" }, /serve or off/);
    refused({ target_url: "http://a.example" }, /itself/);
  });

  it("names the field, what it may be and what it was", () => {
    const bad: readonly (readonly [object, RegExp])[] = [
      [{}, /nowhere/],
      [{ target_ur: "x" }, /no field target_ur/],
      [{ target_url: "http://a", service_name: "b" }, /same/],
      [{ target_url: "ftp://x" }, /target_url must be a URL/],
      [{ target_url: "javascript:alert(1)" }, /target_url/],
      [{ target_url: "http://u:p@x" }, /user or password/],
      [{ target_url: "http://x/?q" }, /query/],
      [{ target_url: "http://x/#f" }, /query/],
      [{ target_url: "http://x:0" }, /port/],
      [{ target_url: "http://x:70000" }, /URL/],
      [{ target_url: "http://169.254.169.254/latest" }, /link-local/],
      [{ target_url: "http://0xa9fea9fe/" }, /link-local/],
      [{ target_url: "http://[::ffff:169.254.169.254]/" }, /link-local/],
      [{ target_url: "http://[fe80::1]/" }, /link-local/],
      [{ target_url: "http://metadata.google.internal./" }, /link-local/],
      [{ target_urls: [] }, /1 to 32/],
      [{ target_urls: ["http://x/a", "http://y/b"] }, /one path/],
      [{ service_name: "A b" }, /service/],
      [{ ...URL_ONLY, hostname: "b.example" }, /keeps its name/],
      [{ ...URL_ONLY, enabled: "yes" }, /enabled must be true or false; found "yes"/],
      [{ ...URL_ONLY, custom_headers: { "Content-Length": "1" } }, /Content-Length cannot be set/],
      [{ ...URL_ONLY, custom_headers: { x_forwarded_for: "1" } }, /cannot be set/],
      [{ ...URL_ONLY, custom_headers: { "a b": "1" } }, /no name of a header/],
      [{ ...URL_ONLY, custom_headers: { a: "1\r\nb: 2" } }, /one line/],
      [{ ...URL_ONLY, custom_response_headers: { "Transfer-Encoding": "chunked" } }, /cannot be set/],
      [{ ...URL_ONLY, route_mode: "some" }, /one of all, selective, none/],
      [{ ...URL_ONLY, enabled_routes: ["../x"] }, /enabled_routes\[0\]/],
      [{ ...URL_ONLY, balance: "random" }, /balance.policy/],
      [{ ...URL_ONLY, limits: { rate: { requests: 0 } } }, /limits.rate.requests/],
      [{ ...URL_ONLY, timeouts: { idle: 0 } }, /timeouts.idle/],
      [{ ...URL_ONLY, error_pages: { 200: "x" } }, /400 to 599/],
      [{ ...URL_ONLY, error_pages: { 502: "ä".repeat(40_000) } }, /65536/],
      [{ ...URL_ONLY, health: { path: "x" } }, /health.path/],
      [{ ...URL_ONLY, upstream_tls: { ca: "x" } }, /PEM/],
      [{ ...URL_ONLY, access: { allow_ips: ["10.0.0.0/40"] } }, /allow_ips\[0\]/],
      [{ ...URL_ONLY, access: { required_users: ["ada"] } }, /who somebody is/],
      [{ ...URL_ONLY, access: { basic: { users: { ada: { hash: "x" } } } } }, /no password/],
      [{ ...URL_ONLY, access: { basic: { users: {} } } }, /1 to 1000/],
      [{ ...URL_ONLY, access: { forward: {} } }, /access.forward.url/],
      [{ ...URL_ONLY, access: { forward: { url: "http://x", mode: "redirect" } } }, /login_url/],
      [{ ...URL_ONLY, access: { forward: { url: "http://x", cache: { seconds: 0 } } } }, /cache.seconds must be a whole number from 1/],
      [{ ...URL_ONLY, access: { forward: { url: "http://x", cache: { seconds: 9, headers: ["X-Forwarded-For"] } } } }, /a client sends/],
      [{ ...URL_ONLY, access: { excluded_paths: ["/a%2Fb"] } }, /encoded reserved/],
      [{ ...URL_ONLY, auth_enabled: true }, /who is let in/],
    ];
    for (const [request, says] of bad) refused(request, says);
    for (const request of [null, 1, "x", []]) refused(request, /The request must be an object/);
  });

  it("has every field in the documentation", () => {
    const page = readFileSync(new URL("../../../../docs/reference/proxy-fields.md", import.meta.url), "utf8");
    for (const field of [...TARGET_FIELDS, ...ROUTE_FIELDS]) assert.ok(page.includes(`\`${field}\``), field);
  });
});
