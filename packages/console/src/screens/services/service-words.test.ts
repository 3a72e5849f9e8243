import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ExternalServiceAnswer, ServiceAnswer, ServicePortAnswer } from "tidegate/contract";
import { portHref, rowsOf, tally } from "./service-words.ts";

const service = (service_name: string, status: ServiceAnswer["status"], image = "web:1") =>
  ({ service_name, status, image, owner: "admin", port_configs: [{ host_port: 8080, port_name: "http" }] }) as unknown as ServiceAnswer;
const external = { service_name: "mail", url: "http://mail.test", description: "", owner: "admin" } as ExternalServiceAnswer;

test("the list begins with what needs somebody, and every word of the filter must fit", () => {
  const all = [service("b", "running"), service("a", "stopped"), service("c", "failed", "shop:2")];
  const names = (filter: string) => rowsOf(all, [external], filter).map((row) => row.name);
  assert.deepEqual(names(""), ["c", "b", "a", "mail"]);
  assert.deepEqual(names("8080 web"), ["b", "a"]);
  assert.deepEqual(names("Shop failed"), ["c"]);
  assert.deepEqual(names("external"), ["mail"]);
});

test("services are counted by their state", () => {
  assert.equal(tally([service("a", "failed"), service("b", "running"), service("c", "running")]), "2 running, 1 failed");
});

describe("a port's link", () => {
  const port = (change: Partial<ServicePortAnswer>) =>
    ({
      host_port: 8080,
      bind_address: "127.0.0.1",
      protocol: "tcp",
      require_token: false,
      require_certificate: false,
      ...change,
    }) as ServicePortAnswer;
  const cases: readonly [string, Partial<ServicePortAnswer>, string, string | null][] = [
    ["on loopback, seen from there", {}, "localhost", "http://127.0.0.1:8080/"],
    ["on loopback, seen from elsewhere", {}, "box.test", null],
    ["on every address", { bind_address: "0.0.0.0" }, "box.test", "http://box.test:8080/"],
    ["on one address", { bind_address: "fd00::1" }, "box.test", "http://[fd00::1]:8080/"],
    ["with a client certificate", { require_certificate: true }, "localhost", "https://127.0.0.1:8080/"],
    ["with a token, which a browser cannot show", { require_token: true }, "localhost", null],
    ["of UDP", { protocol: "udp" }, "localhost", null],
    ["not given yet", { host_port: null }, "localhost", null],
  ];
  for (const [name, change, here, href] of cases) test(name, () => assert.equal(portHref(port(change), here), href));
});
