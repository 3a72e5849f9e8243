import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProxyTargetAnswer } from "tidegate/contract";
import { blankHost, changeRequest, createRequest, draftOf, withHttps } from "./host-draft.ts";
import { rateOf, rateText, sizeOf, sizeText } from "./sizes.ts";

const target = {
  hostname: "app.example",
  target_url: "http://127.0.0.1:3000",
  target_urls: ["http://127.0.0.1:3000", "http://127.0.0.1:3001"],
  enable_https: true,
  http: "redirect",
  cert_name: null,
  preserve_host_header: true,
  balance: { policy: "cookie", retries: 2 },
  health: { path: "/up", interval: 3, fails: 9 },
  limits: { body: 10_485_760, rate: { requests: 100, per: 60, burst: 20 }, concurrent: null },
  timeouts: { connect: 2500, response: 60_000, idle: 60_000 },
  custom_headers: { "X-Team": "shop", Cookie: null },
  custom_response_headers: {},
  compression: false,
  hold: 30,
  description: "",
  error_pages: { "503": "<h1>Soon</h1>" },
  upstream_tls: { ca: null, server_name: null, insecure: false },
} as unknown as ProxyTargetAnswer;

test("a new host says what was chosen and leaves the rest to the server", () => {
  const draft = { ...blankHost, host: " app.example ", urls: "3000, localhost:3001" };
  const place = { target_urls: ["http://127.0.0.1:3000", "http://localhost:3001"], enable_https: true, http: "redirect" };
  assert.deepEqual(createRequest(draft), { request: { hostname: "app.example", ...place } });
  const service = { ...draft, service: "web:http", ...withHttps(draft, false), body: "10m" };
  assert.deepEqual(createRequest(service), {
    request: {
      hostname: "app.example",
      target_url: "service:web:http",
      enable_https: false,
      http: "serve",
      limits: { body: 10_485_760, rate: null, concurrent: null },
    },
  });
});

test("an untouched form changes nothing, and a touched field only itself", () => {
  const before = draftOf(target);
  assert.deepEqual(changeRequest(before, before), { request: null });
  assert.deepEqual(changeRequest({ ...before, connect: "3" }, before), {
    request: { timeouts: { connect: 3000, response: 60_000, idle: 60_000 } },
  });
  assert.deepEqual(changeRequest({ ...before, ...withHttps(before, false) }, before), { request: { enable_https: false, http: "serve" } });
  const pages = [...before.errorPages, { status: "502", html: "<p>Away</p>" }];
  assert.deepEqual(changeRequest({ ...before, errorPages: pages, serverName: " in.example " }, before), {
    request: {
      error_pages: { "502": "<p>Away</p>", "503": "<h1>Soon</h1>" },
      upstream_tls: { ca: null, server_name: "in.example", insecure: false },
    },
  });
  assert.deepEqual(changeRequest({ ...before, headers: "X-Team: shop" }, before), { request: { custom_headers: { "X-Team": "shop" } } });
});

test("what is wrong is said before it is sent", () => {
  const page = { status: "503", html: "<p>x</p>" };
  const more = [
    { errorPages: [page, page] },
    { errorPages: [{ ...page, status: "200" }] },
    { errorPages: [{ ...page, html: "" }] },
    { authority: "x" },
  ];
  const faults = [{ urls: "" }, { body: "much" }, { rate: "often" }, { headers: "two words" }, { idle: "0" }, ...more].map((change) =>
    changeRequest({ ...draftOf(target), ...change }, draftOf(target)),
  );
  for (const made of faults) assert.ok("fault" in made, JSON.stringify(made));
});

test("sizes and rates are read as they are written", () => {
  for (const text of ["10m", "512k", "1000", ""]) assert.equal(sizeText(sizeOf(text) ?? null), text);
  for (const text of ["100/10s", "5/s", "100/m burst 20", ""]) assert.equal(rateText(rateOf(text) ?? null), text);
});
