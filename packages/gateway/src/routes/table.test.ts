/** Tests of the table: which target and route take a request, by which path it goes on, and that thousands of routes cost no more than ten. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { matcher, takesPath, unmet } from "./match.ts";
import { isBelow, normalisePath } from "./path.ts";
import { compileTable, type Found, type RouteEntry, type RouteTable } from "./table.ts";
import { question, route, target } from "./testing/data.ts";

type Hit = Extract<Found, { kind: "found" }>;

function hit(table: RouteTable, ...asked: Parameters<typeof question>): Hit {
  const found = table.find(question(...asked));
  return found.kind === "found" ? found : assert.fail(JSON.stringify(found));
}

function taken(routes: readonly RouteEntry[], path: string, more: Parameters<typeof question>[2] = {}, of: object = {}): string | null {
  return hit(compileTable({ targets: [target("a.example", of)], routes }), "a.example", path, more).route?.name ?? null;
}

describe("hosts", () => {
  it("are found exactly, then by a wildcard of one label, else not at all", () => {
    const table = compileTable({
      targets: ["a.example", "*.example", "*.b.example", "localhost", "[::1]"].map((name) => target(name)),
      routes: [],
    });
    const names = ["a.example", "x.example", "x.b.example", "localhost", "[::1]", "[0:0::1]"].map(
      (host) => table.target(host)?.name ?? null,
    );
    assert.deepEqual(names, ["a.example", "*.example", "*.b.example", "localhost", "[::1]", "[::1]"]);
    for (const host of ["x.y.example", "example", "", ".example", "y.x.b.example"])
      assert.equal(table.find(question(host, "/")).kind, "unknown", host);
  });

  it("are found in any case, however many there are", () => {
    const names = Array.from({ length: 300 }, (_, at) => `Host-${at}.${at % 2 === 0 ? "EXAMPLE" : "Test"}`);
    const table = compileTable({ targets: names.map((name) => target(name.toLowerCase())), routes: [] });
    for (const name of names) assert.equal(table.target(name.toLowerCase())?.name, name.toLowerCase());
  });

  it("keep the identity of what they were made of", () => {
    const one = target("a.example");
    const api = route("api", "/api");
    const found = [1, 2].map(() => hit(compileTable({ targets: [one], routes: [api] }), "a.example", "/api"));
    assert.equal(found[0]?.target.data, one.data);
    assert.equal(found[0]?.route?.data, api.data);
    assert.equal(found[0]?.upstream, found[1]?.upstream);
  });
});

describe("order", () => {
  const cases: readonly (readonly [string, RouteEntry[], string, string | null])[] = [
    ["a prefix takes whole segments", [route("api", "/api")], "/apix", null],
    ["a prefix takes itself", [route("api", "/api/")], "/api", "api"],
    ["the earlier systems' star is a prefix", [route("api", "/api/*")], "/api/x", "api"],
    ["the longer prefix", [route("a", "/a"), route("ab", "/a/b")], "/a/b/c", "ab"],
    ["exact before a prefix", [route("p", "/a/b"), route("e", "/a/b", { exact: true })], "/a/b", "e"],
    ["exact takes nothing below", [route("e", "/a", { exact: true })], "/a/", null],
    ["a prefix before a regex", [route("r", "^/a/.*", { is_regex: true }), route("p", "/")], "/a/b", "p"],
    ["a regex is anchored", [route("r", "/b", { is_regex: true })], "/a/b", null],
    ["a regex may be open at its end", [route("r", "^/a", { is_regex: true })], "/abc", "r"],
    ["a quantifier of a slash counts", [route("r", "^/api/*x", { is_regex: true })], "/apix", "r"],
    ["either side of a branch", [route("r", "^/a/b|/c/d", { is_regex: true })], "/c/d", "r"],
    ["priority before all", [route("long", "/a/b"), route("high", "/", { priority: 51 })], "/a/b", "high"],
    ["more conditions", [route("a", "/a"), route("b", "/a", { methods: ["GET"] })], "/a", "b"],
    ["the id at last", [route("b", "/a"), route("a", "/a")], "/a", "a"],
    ["disabled ones are not there", [route("a", "/a", { enabled: false })], "/a", null],
  ];
  for (const [name, routes, path, expected] of cases) {
    it(name, () => {
      assert.equal(taken(routes, path), expected);
      assert.equal(taken(routes.toReversed(), path), expected);
    });
  }

  it("asks methods, clients, headers and queries", () => {
    const wants = route("r", "/", {
      methods: ["POST"],
      clients: ["10.0.0.0/8"],
      headers: { "X-A": "1", "x-b": null },
      query: { v: "2", w: null },
    });
    const right = { method: "POST", client: "::ffff:10.1.1.1", headers: { "x-a": "1", "x-b": "" }, query: "?w&v=2" };
    assert.equal(taken([wants], "/", right), "r");
    for (const wrong of [
      { method: "GET" },
      { client: "11.0.0.1" },
      { headers: { "x-a": "2", "x-b": "" } },
      { headers: { "x-a": "1" } },
      { query: "?v=2" },
      { query: "" },
    ]) {
      assert.equal(taken([wants], "/", { ...right, ...wrong }), null, JSON.stringify(wrong));
    }
  });

  it("minds modes and scopes", () => {
    const routes = [
      route("a", "/a"),
      route("b", "/b"),
      route("own", "/own", { proxy_hostnames: ["a.example"] }),
      route("other", "/o", { proxy_hostnames: ["b.example"] }),
    ];
    const all = (of: object): (string | null)[] => ["/a", "/b", "/own", "/o"].map((path) => taken(routes, path, {}, of));
    assert.deepEqual(all({}), ["a", "b", "own", null]);
    assert.deepEqual(all({ route_mode: "selective", enabled_routes: ["b", "other"] }), [null, "b", null, null]);
    assert.deepEqual(all({ disabled_routes: ["b", "own"] }), ["a", null, null, null]);
    assert.deepEqual(all({ route_mode: "none" }), [null, null, null, null]);
  });
});

describe("what goes on", () => {
  const through = (request: object, path: string, query = ""): Hit =>
    hit(
      compileTable({
        targets: [target("a.example"), target("b.example", { service_name: "web:admin", target_url: undefined })],
        routes: [route("r", "/api", request)],
      }),
      "a.example",
      path,
      { query },
    );

  it("is stripped, rewritten and prefixed", () => {
    for (const [request, path, expected] of [
      [{ strip_prefix: "/api" }, "/api", "/"],
      [{ strip_prefix: "/api" }, "/api/x/", "/x/"],
      [{ strip_prefix: "/ap" }, "/api/x", "/api/x"],
      [{ add_prefix: "/v1" }, "/api", "/v1/api"],
      [{ strip_prefix: "/api", add_prefix: "/v1" }, "/api/", "/v1/"],
      [{ rewrite: { pattern: "^/api/(\\d+)$", replacement: "/items/$1" } }, "/api/7", "/items/7"],
      [{ rewrite: { pattern: "^/api/(.)(.)x", replacement: "/$1$2" }, add_prefix: "/safe" }, "/api/..x/../y", "/safe/y"],
      [{ rewrite: { pattern: "^/api/(%2)F", replacement: "/$1" } }, "/api/%2Fz", "/%252z"],
    ] as const)
      assert.equal(through(request, path).path, expected, JSON.stringify(request));
  });

  it("goes to a port, a service, a URL or another target's upstream", () => {
    assert.deepEqual(through({}, "/api").upstream, { kind: "url", urls: ["http://127.0.0.1:9001"] });
    assert.deepEqual(through({ target_type: "service", target_value: "web" }, "/api").upstream, {
      kind: "service",
      service: "web",
      port: null,
    });
    assert.deepEqual(through({ target_type: "url", target_value: "https://x.example/base/" }, "/api").upstream, {
      kind: "url",
      urls: ["https://x.example/base/"],
    });
    assert.deepEqual(through({ target_type: "hostname", target_value: "b.example" }, "/api").upstream, {
      kind: "service",
      service: "web",
      port: "admin",
    });
    assert.deepEqual(through({ target_type: "hostname", target_value: "gone.example" }, "/api").upstream, { kind: "url", urls: [] });
  });

  it("is sent elsewhere, never to another host by its path", () => {
    const location = (value: string, path: string, more: object = {}): string | undefined =>
      through({ target_type: "redirect", target_value: value, ...more }, path, "?q=1").redirect?.location;
    assert.equal(location("https://{host}{path}{query}", "/api/x"), "https://a.example/api/x?q=1");
    assert.equal(location("https://new.example/?from={path}&{query}", "/api"), "https://new.example/?from=/api&q=1");
    assert.equal(location("/{path}", "/api/evil.example", { strip_prefix: "/api" }), "/evil.example");
    assert.equal(location("{path}", "/api/x"), "/api/x");
    assert.equal(through({ target_type: "redirect", target_value: "/x", status: 301 }, "/api").redirect?.status, 301);
  });
});

describe("a protected prefix", () => {
  const closed = route("closed", "/admin/secret");
  const table = compileTable({ targets: [target("a.example")], routes: [closed, route("api", "/api")] });

  it("is not walked around by an encoding", () => {
    for (const path of ["/admin%2Fsecret", "/admin%2fsecret/x", "/%2Fadmin/secret"]) {
      const normal = normalisePath(path);
      const found = normal.ok ? table.find(question("a.example", normal.path)) : null;
      assert.ok(found?.kind === "refused" || (found?.kind === "found" && found.route === closed), path);
    }
    assert.equal(hit(table, "a.example", "/api/group%2Fproject").route?.name, "api");
    assert.equal(hit(table, "a.example", "/free%2Fpath").route, null);
  });

  it("is not walked around by a path too long for a regex", () => {
    const regexes = compileTable({ targets: [target("a.example")], routes: [route("r", "^/a", { is_regex: true })] });
    assert.equal(regexes.find(question("a.example", `/${"a".repeat(8192)}`)).kind, "refused");
    assert.equal(hit(regexes, "a.example", `/${"a".repeat(8191)}`).route?.name, "r");
  });

  it("keeps every spelling that a server would take for it", () => {
    const noise = fc.constantFrom("/", "//", "/./", "/x/../", "/%2e/", "/x/%2E%2e/", "%2F", "%2f", "/%2F");
    const letters = (word: string): fc.Arbitrary<string> =>
      fc
        .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
        .map((flags) => Array.from(word, (letter, at) => (flags[at] === true ? `%${letter.charCodeAt(0).toString(16)}` : letter)).join(""));
    fc.assert(
      fc.property(noise, letters("admin"), noise, letters("secret"), (one, first, two, second) => {
        const path = normalisePath(`${one.startsWith("/") ? "" : "/"}${one}${first}${two}${second}`);
        if (!path.ok) return;
        const decoded = normalisePath(path.path.replaceAll("%2F", "/"));
        if (!decoded.ok || !isBelow(decoded.path, "/admin/secret")) return;
        const found = table.find(question("a.example", path.path));
        assert.ok(found.kind === "refused" || (found.kind === "found" && found.route === closed), path.path);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the trie", () => {
  const segment = fc.constantFrom("a", "b", "c", "ab");
  const path = fc
    .array(segment, { maxLength: 4 })
    .chain((parts) => fc.constantFrom("", "/").map((end) => `/${parts.join("/")}${parts.length > 0 ? end : ""}`));
  const form = fc.oneof(
    path.map((path_pattern) => ({ path_pattern })),
    path.map((path_pattern) => ({ path_pattern, exact: true })),
    fc
      .tuple(path, fc.constantFrom("", "*", "?", ".*", "$", "|/b", "[ab]"))
      .map(([start, end]) => ({ path_pattern: `^${start}${end}`, is_regex: true })),
  );
  const request = fc.tuple(
    form,
    fc.record({
      priority: fc.constantFrom(49, 50),
      methods: fc.constantFrom(null, ["GET"], ["POST"]),
      proxy_hostnames: fc.constantFrom([], ["a.example"], ["b.example"]),
    }),
  );

  it("finds what asking every route in order finds", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 12 }), fc.array(path, { minLength: 1, maxLength: 8 }), (requests, paths) => {
        const routes = requests.map(([one, more], at) => route(`r${at}`, one.path_pattern, { ...one, ...more }));
        const table = compileTable({ targets: [target("a.example"), target("b.example")], routes });
        for (const asked of paths.map((one) => question("a.example", one))) {
          const { target: mine, route: found } = hit(table, asked.host, asked.path);
          const first = table.routes.find(
            (one) => table.applies(one, mine) && takesPath(matcher(one), asked.path) && unmet(matcher(one), asked) === null,
          );
          assert.equal(found?.name, first?.name, asked.path);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("finds in 10,000 routes for 1,000 hosts in at most three times the time of 10", () => {
    const [few, many] = [bench(10, 10), bench(10_000, 1000)];
    assert.ok(many.compiled < 300, `compiled in ${many.compiled} ms of CPU`);
    const ratios = Array.from({ length: 15 }, () => many.time() / few.time()).sort((one, other) => one - other);
    assert.ok((ratios[7] ?? 0) <= 3, `ratios ${ratios.map((ratio) => ratio.toFixed(1)).join(" ")}`);
  });
});

function bench(count: number, hosts: number): { compiled: number; time: () => number } {
  const one = route("r", "/r").data;
  const own = (at: number): object => (at % 2 === 0 ? {} : { scope: "proxy", proxy_hostnames: [`h${at % hosts}.example`] });
  const targets = Array.from({ length: hosts }, (_, at) => target(`h${at}.example`));
  const routes = Array.from({ length: count }, (_, at) => ({
    name: `r${at}`,
    data: { ...one, path_pattern: `/s${at % 100}/a${at}`, ...own(at) },
  }));
  const before = process.cpuUsage();
  const table = compileTable({ targets, routes });
  const compiled = process.cpuUsage(before).user / 1000;
  const questions = Array.from({ length: 200 }, (_, at) => (at * 7919) % count).map((at) =>
    question(`h${at % hosts}.example`, `/s${at % 100}/a${at}/x`),
  );
  return { compiled, time: () => cpu(() => questions.forEach((asked) => table.find(asked)), 100) };
}

/** Of this thread: others may be busy. */
function cpu(act: () => void, times: number): number {
  const before = process.threadCpuUsage();
  for (let at = 0; at < times; at += 1) act();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}
