/** Tests of what a route may be, which regexes are refused, which routes stand in each other's way, and how a URL's way is told. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GatewayError } from "../errors.ts";
import { checkRoute } from "./check-route.ts";
import { checkConflicts, conflictsOf } from "./conflicts.ts";
import { explain } from "./explain.ts";
import type { RouteEntry } from "./question.ts";
import { regexProblem } from "./regex.ts";
import { route, target } from "./testing/data.ts";

const BASE = { path_pattern: "/api", target_type: "port", target_value: 9001 };

function refused(request: unknown, says: RegExp): void {
  assert.throws(
    () => checkRoute("r", request, null, "me"),
    (error) => error instanceof GatewayError && error.code === "INVALID_ROUTE" && says.test(error.message) && error.hint !== undefined,
    `${JSON.stringify(request)} ${says}`,
  );
}

describe("checkRoute", () => {
  it("completes a request", () => {
    assert.deepEqual(checkRoute("r", BASE, null, "me"), {
      ...BASE,
      target_value: "9001",
      is_regex: false,
      exact: false,
      status: 308,
      priority: 50,
      methods: null,
      headers: {},
      query: {},
      clients: [],
      scope: "global",
      proxy_hostnames: [],
      enabled: true,
      strip_prefix: null,
      rewrite: null,
      add_prefix: null,
      access: null,
      override_access: false,
      limits: null,
      timeouts: null,
      description: "",
      owner: "me",
    });
  });

  it("changes only what an update names", () => {
    const before = checkRoute("r", { ...BASE, methods: "get, post", proxy_hostname: "A.example", strip_prefix: "/api/" }, null, "me");
    assert.deepEqual(
      [before.methods, before.scope, before.proxy_hostnames, before.strip_prefix],
      [["GET", "POST"], "proxy", ["a.example"], "/api"],
    );
    assert.deepEqual(checkRoute("r", {}, before, "me"), before);
    assert.deepEqual(checkRoute("r", { priority: "90" }, before, "me"), { ...before, priority: 90 });
    assert.deepEqual(checkRoute("r", before, null, "me"), before, "what is stored can be sent back");
  });

  it("gives patterns the spelling that requests have", () => {
    for (const [sent, stored] of [
      ["/Caf\u00e9/", "/Caf%C3%A9"],
      ["/a/%7e/../b", "/a/b"],
      ["/api/*", "/api"],
      ["/a b", "/a%20b"],
    ] as const) {
      assert.equal(checkRoute("r", { ...BASE, path_pattern: sent }, null, "me").path_pattern, stored);
    }
  });

  it("names the field, what it may be and what it was", () => {
    const to = (target_type: string, target_value: unknown): object => ({ ...BASE, target_type, target_value });
    const bad: readonly (readonly [object, RegExp])[] = [
      [{}, /path_pattern/],
      [{ ...BASE, path: "/x" }, /no field path/],
      [{ ...BASE, path_pattern: "api" }, /begins with \//],
      [{ ...BASE, path_pattern: "/a/*/b" }, /without \*/],
      [{ ...BASE, path_pattern: "/a?b" }, /without query/],
      [{ ...BASE, path_pattern: "/a%2Fb" }, /encoded reserved/],
      [{ ...BASE, path_pattern: "/%zz" }, /hexadecimal/],
      [{ ...BASE, path_pattern: "^/(a+)+$", is_regex: true }, /too long/],
      [{ ...BASE, path_pattern: "^/(", is_regex: true }, /no regular expression/],
      [{ ...BASE, path_pattern: "api", is_regex: true }, /beginning as/],
      [{ ...BASE, path_pattern: "^/a", is_regex: true, exact: true }, /exclude/],
      [to("port", 0), /1 to 65535/],
      [to("port", "x"), /1 to 65535/],
      [to("service", "a:b:c"), /service:port/],
      [to("hostname", "a b"), /host name/],
      [to("url", "http://169.254.1.1"), /link-local/],
      [to("nothing", "x"), /one of port/],
      [to("redirect", "//evil.example"), /redirect/],
      [to("redirect", "javascript:x"), /redirect/],
      [to("redirect", "https://{path}"), /redirect/],
      [to("redirect", "https://{host}.evil.example{path}"), /redirect/],
      [to("redirect", "https://x.example\\@y"), /backslash/],
      [to("redirect", "/a\r\nb"), /ASCII/],
      [to("redirect", "/{user}"), /placeholders/],
      [{ ...BASE, status: 200 }, /301/],
      [{ ...BASE, priority: 1000 }, /0 to 999/],
      [{ ...BASE, methods: ["CONNECT"] }, /CONNECT/],
      [{ ...BASE, methods: ["G ET"] }, /methods/],
      [{ ...BASE, headers: { "a b": null } }, /headers/],
      [{ ...BASE, clients: ["x"] }, /clients\[0\]/],
      [{ ...BASE, scope: "proxy" }, /names no target/],
      [{ ...BASE, scope: "global", proxy_hostnames: ["a.example"] }, /must be empty/],
      [{ ...BASE, rewrite: { pattern: "(a|b)*c", replacement: "/" } }, /too long/],
      [{ ...BASE, rewrite: { pattern: "a", replacement: "/a?b" } }, /replacement/],
      [{ ...BASE, override_access: true }, /no access/],
      [{ ...BASE, owner: "other" }, /owner must be me/],
    ];
    for (const [request, says] of bad) refused(request, says);
  });
});

describe("regexProblem", () => {
  it("refuses what can take for ever, and what it cannot judge", () => {
    for (const pattern of [
      "(a+)+",
      "(a*)*b",
      "(a|aa)+",
      "((a+)b?)*",
      "([a-z]+)*$",
      "(.*)\\1",
      "(?<x>a)\\k<x>",
      ".*.*.*x",
      "(?=a)",
      "(a{1,})+",
      "(a+){2,}",
      "(",
      "a".repeat(257),
    ]) {
      assert.notEqual(regexProblem(pattern), null, pattern);
    }
  });

  it("takes what people write", () => {
    for (const pattern of [
      "^/api/v[0-9]+/users(/.*)?$",
      "^/(a|b)/c",
      "\\.(?:css|js)$",
      "^/[^/]+/x",
      "(ab){3}",
      "^/a\\(b+\\)+",
      "[(+)]+",
      "^/(?<id>\\d+)$",
    ]) {
      assert.equal(regexProblem(pattern), null, pattern);
    }
  });

  it("takes nothing that is slow on the longest path", () => {
    for (const pattern of ["^/.*.*x$", "^/[^/]*a[^/]*b$"]) {
      assert.equal(regexProblem(pattern), null, pattern);
      const before = process.threadCpuUsage();
      new RegExp(pattern).test(`/${"a".repeat(8191)}`);
      assert.ok(process.threadCpuUsage(before).user < 1_000_000, pattern);
    }
  });
});

describe("conflicts", () => {
  const kinds = (one: RouteEntry, ...all: RouteEntry[]): string[] => conflictsOf(one, all).map(({ kind, other }) => `${kind} ${other}`);
  const api = route("api", "/api");

  it("are two of which only the id decides", () => {
    assert.deepEqual(kinds(route("b", "/api/"), api), ["ambiguous api"]);
    assert.deepEqual(kinds(route("b", "/api", { proxy_hostnames: ["a.example"] }), api), ["ambiguous api"]);
    assert.deepEqual(kinds(route("b", "/api", { methods: ["GET"] }), route("c", "/api", { methods: ["GET", "PUT"] })), ["ambiguous c"]);
    for (const other of [{ priority: 49 }, { methods: ["GET"] }, { enabled: false }, { headers: { a: "1" } }])
      assert.deepEqual(kinds(api, route("b", "/api", other)), [], JSON.stringify(other));
    assert.deepEqual(kinds(api, api), []);
  });

  it("are what another takes whole", () => {
    const all = route("all", "/", { priority: 900 });
    assert.deepEqual(kinds(route("b", "/api/x", { methods: ["GET"] }), all), ["shadowed all"]);
    assert.deepEqual(kinds(route("r", "^/x", { is_regex: true }), all), ["shadowed all"]);
    assert.deepEqual(kinds(all, api), [], "who takes is not in conflict");
    assert.deepEqual(kinds(api, route("b", "/", { priority: 900, methods: ["GET"] })), []);
    assert.deepEqual(kinds(api, route("b", "/", { priority: 900, proxy_hostnames: ["a.example"] })), []);
    assert.throws(() => checkConflicts("b", api.data, [all]), { code: "ROUTE_CONFLICT" });
  });
});

describe("explain", () => {
  const input = {
    targets: [
      target("*.example", { target_url: "http://127.0.0.1:9000/base", disabled_routes: ["off"] }),
      target("b.test", { http: "redirect" }),
    ],
    routes: [
      route("api", "/api", { strip_prefix: "/api", target_type: "url", target_value: "http://up:1/v1" }),
      route("post", "/api", { methods: ["POST"] }),
      route("off", "/"),
      route("web", "/web"),
    ],
  };

  it("tells host, path, routes and what the upstream gets", () => {
    const told = explain(input, { url: "https://App.example:8443/x/../%61pi/7?q=1" });
    assert.deepEqual(
      [told.target, told.route, told.status, told.upstream, told.upstream_path],
      ["*.example", "api", null, "http://up:1/v1", "/v1/7?q=1"],
    );
    assert.deepEqual(
      told.candidates.map(({ route: id, matched, why }) => [id, matched, why]),
      [
        ["post", false, "it is for POST, not GET"],
        ["api", true, "matches, and is the first to"],
        ["web", false, "its path /web does not take /api/7"],
      ],
    );
    assert.deepEqual(
      told.steps.map(({ about }) => about),
      ["path", "host", "target", "route", "answer"],
    );
    assert.match(told.steps[0]?.text ?? "", /\/x\/\.\.\/%61pi\/7 is taken as \/api\/7/);
    assert.deepEqual(JSON.parse(JSON.stringify(told)), told);
  });

  it("tells why there is no answer of an upstream", () => {
    const status = (url: string): number | null => explain(input, { url }).status;
    assert.deepEqual(["https://nobody.invalid/", "b.test/%00", "http://b.test/", "https://x.example/api%2F7", "x.example"].map(status), [
      404,
      400,
      308,
      400,
      null,
    ]);
    assert.equal(explain(input, { url: "x.example" }).upstream_path, "/base/");
  });
});
