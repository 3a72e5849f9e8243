import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServiceAnswer } from "tidegate/contract";
import { wordsOf } from "./command-line.ts";
import { blank, blankPort, createRequest, draftOf, updateRequest, type ServiceDraft } from "./service-draft.ts";

const service = {
  service_name: "web",
  image: "web:1",
  port_configs: [{ port_name: "http", host_port: 8080, container_port: 80, bind_address: "127.0.0.1", protocol: "tcp" }],
  environment: { MODE: "fast", API_KEY: "***" },
  memory_limit: "512m",
  cpu_limit: 1,
  pids_limit: 256,
  restart_policy: "unless-stopped",
  healthcheck: { kind: "http", path: "/up", deadline: 30 },
  command: ["sh", "-c", 'echo "hi"'],
  volumes: ["data:/data"],
  read_only_root: true,
  user: null,
} as unknown as ServiceAnswer;

const changed = (change: Partial<ServiceDraft>) => updateRequest({ ...draftOf(service), ...change }, draftOf(service));

describe("a new service", () => {
  test("names only what differs from the defaults", () => {
    const found = createRequest({ ...blank, name: " hello ", image: "web:1", ports: [{ ...blankPort, container: "80" }] });
    const port_configs = [{ name: "http", container: 80, host: null, bind: "127.0.0.1", protocol: "tcp" }];
    assert.deepEqual(found, { request: { service_name: "hello", image: "web:1", port_configs } });
  });

  test("says in words what is missing", () => {
    const faults = [
      {},
      { name: "x" },
      { name: "x", image: "y", ports: [{ ...blankPort, container: "99999" }] },
      { name: "x", image: "y", command: 'sh "' },
    ];
    const found = faults.map((f) => createRequest({ ...blank, ...f }));
    assert.deepEqual(
      found.map((f) => ("fault" in f ? f.fault : f)),
      [
        "Give it a name.",
        "Name the image it runs.",
        "Port http: the port in the container is a number from 1 to 65535.",
        "The command has a quote that is not closed.",
      ],
    );
  });
});

describe("a changed service", () => {
  test("sends nothing when nothing changed, though it was read and written back", () => assert.deepEqual(changed({}), { request: null }));

  test("sends a new image alone", () => assert.deepEqual(changed({ image: "web:2" }), { request: { image: "web:2" } }));

  test("keeps a stored secret by name, and sends one typed anew", () => {
    const [mode, key] = draftOf(service).variables;
    assert.ok(mode && key);
    assert.deepEqual(changed({ variables: [{ ...mode, value: "slow" }, key] }), {
      request: { environment: { MODE: "slow" }, secret_environment: { API_KEY: "***" } },
    });
    assert.deepEqual(changed({ variables: [mode, { ...key, value: "new" }] }), {
      request: { environment: { MODE: "fast" }, secret_environment: { API_KEY: "new" } },
    });
  });
});

test("a command line becomes words, and back", () => {
  assert.deepEqual(wordsOf(`sh -c "echo \\"hi\\"" 'a b'`), ["sh", "-c", 'echo "hi"', "a b"]);
  assert.deepEqual(wordsOf(draftOf(service).command), service.command);
  assert.equal(wordsOf('sh "open'), null);
});
