import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProxyRouteAnswer } from "tidegate/contract";
import { blankRoute, routeDraft, routeRequest } from "./route-draft.ts";
import { demandsOf, inOrder } from "./route-order.ts";

function route(route_id: string, more: Partial<ProxyRouteAnswer> = {}): ProxyRouteAnswer {
  const matchers = { methods: null, headers: {}, query: {}, clients: [] };
  const shape = { path_pattern: "/api", is_regex: false, exact: false, priority: 50, scope: "global", proxy_hostnames: [] } as const;
  const place = { target_type: "port", target_value: "3000", status: 308, strip_prefix: null, rewrite: null, add_prefix: null } as const;
  const rules = { access: null, override_access: false, limits: null, timeouts: null };
  return { route_id, ...matchers, ...shape, ...place, ...rules, description: "", ...more } as ProxyRouteAnswer;
}

test("a new route says what was chosen and leaves the rest to the server", () => {
  const draft = { ...blankRoute, pattern: "/api", type: "port", value: "3000", methods: "get, post", headers: "X-Beta" } as const;
  assert.deepEqual(routeRequest(draft, null), {
    request: { path_pattern: "/api", target_type: "port", target_value: 3000, methods: ["GET", "POST"], headers: { "X-Beta": null } },
  });
  const redirect = {
    ...blankRoute,
    id: "old",
    pattern: "/old",
    type: "redirect",
    value: "/new",
    status: "307",
    hosts: "a.test\nb.test",
  } as const;
  assert.deepEqual(routeRequest(redirect, null), {
    request: {
      route_id: "old",
      path_pattern: "/old",
      target_type: "redirect",
      target_value: "/new",
      status: 307,
      proxy_hostnames: ["a.test", "b.test"],
    },
  });
});

test("an untouched form changes nothing, and a touched field only itself", () => {
  const before = routeDraft(route("api", { methods: ["GET"], query: { preview: null, v: "2" }, clients: ["10.0.0.0/8"] }));
  assert.deepEqual(routeRequest(before, before), { request: null });
  assert.deepEqual(routeRequest({ ...before, query: "preview" }, before), { request: { query: { preview: null } } });
  assert.ok("fault" in routeRequest({ ...before, priority: "high" }, before));
});

test("access, limits and timeouts are the host's until they are its own", () => {
  const before = routeDraft(route("api", { limits: { body: 1024, rate: null, concurrent: 5 }, timeouts: null, access: null }));
  const own = { ...before, asks: "instead", access: { ...before.access, allow: "10.0.0.0/8" }, concurrent: "", response: "2" } as const;
  const made = routeRequest(own, before);
  assert.ok("request" in made && made.request !== null);
  const { access, ...rest } = made.request;
  assert.deepEqual((access as { allow_ips: string[] }).allow_ips, ["10.0.0.0/8"]);
  assert.deepEqual(rest, { override_access: true, limits: { body: 1024, rate: null, concurrent: null }, timeouts: { response: 2000 } });
  assert.deepEqual(routeRequest({ ...before, body: "", concurrent: "" }, before), { request: { limits: null } });
  assert.ok("fault" in routeRequest({ ...own, access: { ...own.access, tokens: "named" } }, before));
});

test("routes stand in the order the edge asks them", () => {
  const routes = [
    route("regex", { is_regex: true, path_pattern: "^/api/very/long" }),
    route("short"),
    route("long", { path_pattern: "/api/v1" }),
    route("also-short", { methods: ["GET"] }),
    route("exact", { exact: true }),
    route("first", { path_pattern: "/", priority: 90 }),
  ];
  assert.deepEqual(
    inOrder(routes).map((r) => r.route_id),
    ["first", "exact", "long", "also-short", "short", "regex"],
  );
});

test("what else a request must have is told in words", () => {
  const wants = route("beta", { methods: ["GET", "POST"], headers: { "X-Beta": null }, query: { v: "2" }, clients: ["10.0.0.0/8"] });
  assert.deepEqual(demandsOf(wants), ["GET or POST", "header X-Beta", "query v=2", "clients 10.0.0.0/8"]);
});
