/** Tests of what a service may be: defaults, every field's bounds, every refused option by name, and secrets that stay apart. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { GatewayError, type GatewayErrorCode } from "../errors.ts";
import { checkSpec, mergeSpec, SPEC_FIELDS } from "./check-spec.ts";
import { PORT_FIELDS } from "./checking/ports.ts";
import { REFUSED } from "./checking/refused.ts";

const base = { service_name: "hello", image: "nginx:1.27" };

function failure(request: unknown): GatewayError {
  try {
    checkSpec(request);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  return assert.fail(`it was accepted: ${JSON.stringify(request)}`);
}

describe("checkSpec", () => {
  it("completes a request of two fields", () => {
    const { name, spec, secrets } = checkSpec(base);
    assert.equal(name, "hello");
    assert.deepEqual(secrets, {});
    assert.deepEqual(spec, {
      image: "nginx:1.27",
      build: null,
      pull: "missing",
      command: null,
      environment: {},
      secret_environment: {},
      labels: {},
      volumes: [],
      networks: [],
      memory_limit: 536_870_912,
      cpu_limit: 1,
      pids_limit: 256,
      restart_policy: "unless-stopped",
      healthcheck: { kind: "tcp", path: "/", port: null, interval: 1, timeout: 5, deadline: 30 },
      read_only_root: true,
      user: null,
      port_configs: [{ name: "main", host: null, container: 8080, bind: "127.0.0.1", protocol: "tcp", access: null, description: "" }],
      strategy: "rolling",
      drain_timeout: 30,
      stop_timeout: 10,
    });
  });

  it("takes every field, and takes what it made as a request again", () => {
    const { spec } = checkSpec({
      ...base,
      capabilities: [],
      command: ["httpd", "-f"],
      environment: { A: "1", DEBUG: true, N: 2 },
      labels: { team: "blue" },
      volumes: ["data:/data", "conf:/etc/app/:ro", { name: "x", path: "/x", read_only: true }],
      networks: ["back"],
      memory_limit: "64M",
      cpu_limit: "0.5",
      pids_limit: 20,
      restart_policy: "no",
      healthcheck: { path: "/up", port: 9000, interval: 0.5 },
      read_only_root: false,
      user: "1000:1000",
      port_configs: [
        { container: 8080, host: "18080", bind: "localhost", source_token: "0123456789abcdef" },
        { container: 9000, host: { from: 20_000, to: 20_010 }, bind: "::" },
      ],
      pull: "never",
      strategy: "recreate",
      drain_timeout: 1,
      stop_timeout: 0,
    });
    assert.deepEqual(spec.volumes.at(1), { name: "conf", path: "/etc/app", read_only: true });
    assert.deepEqual(spec.environment, { A: "1", DEBUG: "true", N: "2" });
    assert.equal(spec.memory_limit, 64 * 1024 * 1024);
    assert.deepEqual(spec.healthcheck, { kind: "http", path: "/up", port: "port-9000", interval: 0.5, timeout: 5, deadline: 30 });
    assert.equal(spec.port_configs[0]?.access?.token_hashes[0], "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f");
    assert.deepEqual(checkSpec({ service_name: "hello", ...spec }).spec, spec);
  });

  it("builds from a folder, a path alone or a text", () => {
    const build = (fields: object): unknown => checkSpec({ service_name: "b", ...fields }).spec.build;
    const args = { V: "1" };
    assert.deepEqual(build({ build_context: "app", build_args: args }), { context: "app", dockerfile: "Dockerfile", inline: false, args });
    assert.deepEqual(build({ dockerfile_path: "app/web/Dockerfile" }), {
      context: "app/web",
      dockerfile: "Dockerfile",
      inline: false,
      args: {},
    });
    assert.deepEqual(build({ dockerfile: "FROM a\n" }), { context: null, dockerfile: "FROM a\n", inline: true, args: {} });
  });

  it("keeps what looks like a secret apart", () => {
    const { spec, secrets } = checkSpec({
      ...base,
      environment: { API_KEY: "k1", DATABASE_URL: "postgres://u:p@db/x", HOME_URL: "https://example.com/", MODE: "x" },
      secret_environment: { OTHER: "o1" },
    });
    assert.deepEqual(secrets, { API_KEY: "k1", DATABASE_URL: "postgres://u:p@db/x", OTHER: "o1" });
    assert.deepEqual(spec.environment, { HOME_URL: "https://example.com/", MODE: "x" });
    assert.doesNotMatch(JSON.stringify(spec), /k1|u:p|o1/);
  });

  it("chooses recreate for volumes and UDP", () => {
    assert.equal(checkSpec({ ...base, volumes: ["d:/d"] }).spec.strategy, "recreate");
    assert.equal(checkSpec({ ...base, volumes: ["d:/d"], strategy: "rolling" }).spec.strategy, "rolling");
    const udp = checkSpec({ ...base, port_configs: [{ container: 53, protocol: "udp" }] }).spec;
    assert.deepEqual([udp.strategy, udp.healthcheck.kind], ["recreate", "docker"]);
  });

  it("takes the short fields for one port", () => {
    const [port] = checkSpec({ ...base, internal_port: "3000", external_port: 18_080, bind_address: "0.0.0.0", expose_ports: true }).spec
      .port_configs;
    assert.deepEqual([port?.container, port?.host, port?.bind], [3000, 18_080, "0.0.0.0"]);
  });

  it("does nothing to the prototype of objects", () => {
    const request: unknown = JSON.parse(
      '{"service_name":"hello","image":"a","environment":{"constructor":"c"},"labels":{"constructor":"c"}}',
    );
    assert.equal(checkSpec(request).spec.environment["constructor"], "c");
    for (const field of ["environment", "labels", "build_args"]) {
      const bad = failure(JSON.parse(`{"service_name":"hello","image":"a","${field === "build_args" ? "x" : field}":{"__proto__":"c"}}`));
      assert.equal(bad.code, "INVALID_SPEC");
    }
    assert.equal(failure(JSON.parse('{"service_name":"hello","image":"a","__proto__":{"privileged":true}}')).code, "OPTION_REFUSED");
    assert.equal(failure(JSON.parse('{"service_name":"hello","image":"a","constructor":{}}')).code, "INVALID_SPEC");
    assert.equal(({} as Record<string, unknown>)["privileged"], undefined);
  });
});

/** As Docker writes it, with the value that would do harm. */
const DOCKER: readonly (readonly [string, unknown])[] = [
  ["Privileged", true],
  ["CapAdd", ["SYS_ADMIN"]],
  ["CapDrop", []],
  ["SecurityOpt", ["seccomp=unconfined"]],
  ["Devices", [{ PathOnHost: "/dev/sda" }]],
  ["DeviceRequests", [{}]],
  ["DeviceCgroupRules", ["c *:* rwm"]],
  ["Binds", ["/:/host"]],
  ["Mounts", [{ Type: "bind", Source: "/", Target: "/host" }]],
  ["VolumesFrom", ["other"]],
  ["VolumeDriver", "local"],
  ["PidMode", "host"],
  ["IpcMode", "host"],
  ["UTSMode", "host"],
  ["UsernsMode", "host"],
  ["CgroupnsMode", "host"],
  ["NetworkMode", "container:other"],
  ["CgroupParent", "/"],
  ["Sysctls", { "kernel.core_pattern": "|/x" }],
  ["ExtraHosts", ["a:host-gateway"]],
  ["Runtime", "other"],
  ["PublishAllPorts", true],
  ["PortBindings", {}],
  ["Ulimits", []],
  ["OomKillDisable", true],
  ["OomScoreAdj", -1000],
  ["ShmSize", 1],
  ["Tmpfs", {}],
  ["GroupAdd", ["docker"]],
  ["MaskedPaths", []],
  ["ReadonlyPaths", []],
  ["StorageOpt", {}],
  ["LogConfig", {}],
  ["Links", []],
  ["Dns", []],
  ["CpusetCpus", "0"],
  ["BlkioWeight", 1],
  ["NetworkingConfig", {}],
  ["HostConfig", { Privileged: true }],
];

describe("refused options", () => {
  for (const [option, value] of DOCKER)
    it(`refuses ${option} in every way of writing it, also nested`, () => {
      const snake = option.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
      for (const name of [option, snake, option.toUpperCase(), option.toLowerCase(), snake.replaceAll("_", "-")])
        for (const request of [
          { ...base, [name]: value },
          { ...base, image: 7, healthcheck: { [name]: value } },
          { ...base, port_configs: [{ container: 1, [name]: value }] },
          { ...base, other: { deep: [{ [name]: value }] } },
        ]) {
          const { code, message, hint } = failure(request);
          assert.equal(code, "OPTION_REFUSED", message);
          assert.ok(message.includes(name), message);
          assert.ok((hint ?? "").length > 20);
        }
    });

  it("names each of the table", () => {
    for (const name of REFUSED.keys())
      assert.equal(failure({ ...base, [name === "capabilities" ? "Capabilities" : name]: 1 }).code, "OPTION_REFUSED");
    assert.equal(failure({ ...base, capabilities: ["NET_ADMIN"] }).code, "OPTION_REFUSED");
  });

  it("lets names of a person's own be", () => {
    const free = { PRIVILEGED: "1", Runtime: "node" };
    assert.deepEqual(checkSpec({ ...base, environment: free, labels: { privileged: "no" } }).spec.environment, free);
  });

  for (const path of [
    "/var/run/docker.sock:/x",
    "/:/host",
    "./x:/x",
    "../x:/x",
    "~:/x",
    "~/x:/x",
    ".:/x",
    "..:/x",
    "C:\\x:/x",
    "c:/x:/x",
    "\\\\host\\x:/x",
    "$HOME:/x",
    "a/b:/x",
    "docker.sock:/x",
  ])
    it(`refuses the path ${path} as a volume`, () => {
      assert.equal(failure({ ...base, volumes: [path] }).code, "OPTION_REFUSED");
      const name = path.slice(0, path.lastIndexOf(":"));
      assert.equal(failure({ ...base, volumes: [{ name, path: "/x" }] }).code, "OPTION_REFUSED");
    });

  for (const network of ["host", "none", "bridge", "default", "container:abc", "HOST"])
    it(`refuses to join the network ${network}`, () => {
      assert.equal(failure({ ...base, networks: [network] }).code, "OPTION_REFUSED");
    });
});

describe("docs/reference/service-fields.md", () => {
  const page = readFileSync(new URL("../../../../docs/reference/service-fields.md", import.meta.url), "utf8");
  const [fields = "", ports = ""] = page.split(/^## /m);
  const column = (part: string): string[] => [...part.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? "");

  it("has every field, and no other", () => {
    assert.deepEqual(new Set(column(fields)), new Set(["service_name", ...SPEC_FIELDS]));
    assert.deepEqual(new Set(column(ports)), new Set(PORT_FIELDS));
  });

  it("names the refused options", () => {
    for (const [option] of DOCKER) assert.ok(page.includes(`\`${option}\``), option);
  });
});

const WRONG: readonly (readonly [object, GatewayErrorCode, RegExp])[] = [
  [{ service_name: "Hello" }, "INVALID_NAME", /"Hello"/],
  [{ service_name: "a".repeat(64) }, "INVALID_NAME", /1 to 63/],
  [{ service_name: undefined }, "INVALID_NAME", /service_name/],
  [{ image: "Nginx" }, "INVALID_IMAGE", /"Nginx"/],
  [{ image: "a b" }, "INVALID_IMAGE", /a b/],
  [{ image: "a:b:c" }, "INVALID_IMAGE", /a:b:c/],
  [{ image: "a@sha256:12" }, "INVALID_IMAGE", /sha256/],
  [{ image: null }, "INVALID_SPEC", /image must be given/],
  [{ dockerfile: "FROM a" }, "INVALID_SPEC", /left out where image is given/],
  [{ image: null, dockerfile: "RUN x" }, "INVALID_SPEC", /with FROM/],
  [{ image: null, dockerfile_path: "../Dockerfile" }, "INVALID_SPEC", /without \.\./],
  [{ image: null, build_context: "a/../.." }, "INVALID_SPEC", /without \.\./],
  [{ memory_limit: "5m" }, "INVALID_SPEC", /6m/],
  [{ memory_limit: "999999g" }, "INVALID_SPEC", /this machine has/],
  [{ memory_limit: "many" }, "INVALID_SPEC", /512m/],
  [{ cpu_limit: 0 }, "INVALID_SPEC", /0\.01/],
  [{ cpu_limit: 10_000 }, "INVALID_SPEC", /cpu_limit/],
  [{ pids_limit: 0 }, "INVALID_SPEC", /1 to 32768/],
  [{ pids_limit: 1.5 }, "INVALID_SPEC", /whole/],
  [{ restart_policy: "sometimes" }, "INVALID_SPEC", /unless-stopped/],
  [{ healthcheck: { path: "up" } }, "INVALID_SPEC", /healthcheck\.path/],
  [{ healthcheck: { test: ["CMD"] } }, "INVALID_SPEC", /healthcheck\.test/],
  [{ healthcheck: { port: "other" } }, "INVALID_SPEC", /one of its TCP ports: main/],
  [{ healthcheck: { kind: "tcp" }, port_configs: [] }, "INVALID_SPEC", /no TCP port/],
  [{ user: "a b" }, "INVALID_SPEC", /user/],
  [{ command: "node x" }, "INVALID_SPEC", /list of words/],
  [{ command: [] }, "INVALID_SPEC", /at least one/],
  [{ environment: { "A=B": "1" } }, "INVALID_SPEC", /environment: a name/],
  [{ environment: { "A\n": "1" } }, "INVALID_SPEC", /environment: a name/],
  [{ environment: { A: "x\0" } }, "INVALID_SPEC", /NUL/],
  [{ environment: { A: "x".repeat(70_000) } }, "INVALID_SPEC", /65536/],
  [{ environment: { A: {} } }, "INVALID_SPEC", /environment\.A/],
  [{ environment: { TOKEN: "***" } }, "INVALID_SPEC", /\*\*\*/],
  [{ labels: { "tidegate.service": "x" } }, "INVALID_SPEC", /tidegate\./],
  [{ volumes: ["data:/proc"] }, "INVALID_SPEC", /\/proc/],
  [{ volumes: ["data:/a/../etc"] }, "INVALID_SPEC", /without \.\./],
  [{ volumes: ["data:/x:z"] }, "INVALID_SPEC", /name:\/path/],
  [{ volumes: ["a:/x", "b:/x"] }, "INVALID_SPEC", /path of its own/],
  [{ port_configs: [{ container: 0 }] }, "INVALID_PORT", /1 to 65535/],
  [{ port_configs: [{ container: 70_000 }] }, "INVALID_PORT", /70000/],
  [{ port_configs: [{ container: 80, host: { from: 9, to: 8 } }] }, "INVALID_PORT", /9-8/],
  [{ port_configs: [{ container: 80, bind: "eth0" }] }, "INVALID_PORT", /eth0/],
  [{ port_configs: [{ container: 80, name: "A" }] }, "INVALID_SPEC", /lower case/],
  [
    {
      port_configs: [
        { container: 80, name: "a" },
        { container: 81, name: "a" },
      ],
    },
    "INVALID_SPEC",
    /differ in their name/,
  ],
  [
    {
      port_configs: [
        { container: 80, host: 9 },
        { container: 81, host: 9 },
      ],
    },
    "INVALID_SPEC",
    /differ in their host port/,
  ],
  [{ port_configs: [{ container: 80, protocol: "sctp" }] }, "INVALID_SPEC", /tcp, udp/],
  [{ port_configs: [{ container: 80, protocol: "udp", source_token: "0123456789abcdef" }] }, "INVALID_SPEC", /TCP/],
  [{ port_configs: [{ container: 80, source_token: "short" }] }, "INVALID_SPEC", /16 to 512/],
  [{ port_configs: [{ container: 80, client_ca: "no pem" }] }, "INVALID_SPEC", /PEM/],
  [{ port_configs: [], internal_port: 80 }, "INVALID_SPEC", /left out where port_configs/],
  [{ internal_port: "http" }, "INVALID_PORT", /internal_port/],
  [{ expose_ports: false, bind_address: "0.0.0.0" }, "INVALID_SPEC", /expose_ports is false/],
  [{ strategy: "rolling", port_configs: [{ container: 53, protocol: "udp" }] }, "INVALID_SPEC", /recreate/],
  [{ drain_timeout: -1 }, "INVALID_SPEC", /drain_timeout/],
  [{ enviroment: {} }, "INVALID_SPEC", /enviroment/],
  [{ Image: "x" }, "INVALID_SPEC", /Image/],
];

describe("wrong fields", () => {
  for (const [fields, code, message] of WRONG)
    it(`says what is wrong with ${JSON.stringify(fields).slice(0, 70)}`, () => {
      const error = failure({ ...base, ...fields });
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
    });

  it("names the nearest field", () => {
    assert.match(failure({ ...base, enviroment: {} }).hint ?? "", /environment\?/);
    assert.match(failure({ ...base, memoryLimit: "1g" }).hint ?? "", /memory_limit\?/);
    assert.match(failure({ ...base, xyzzy: 1 }).hint ?? "", /There are: service_name/);
  });

  for (const request of [null, 7, "x", [], [base]])
    it(`says that ${JSON.stringify(request)} is no request`, () => {
      assert.equal(failure(request).code, "INVALID_SPEC");
    });

  it("repeats neither tokens nor values of variables", () => {
    for (const fields of [{ port_configs: [{ container: 1, source_token: "s3cret" }] }, { environment: { A_TOKEN: ["s3cret"] } }])
      assert.doesNotMatch(failure({ ...base, ...fields }).message, /s3cret/);
  });
});

describe("mergeSpec", () => {
  const sealed = { $sealed: "v1.a.b.c.d" };
  const before = {
    ...checkSpec({ ...base, environment: { A: "1" }, port_configs: [{ container: 80, source_token: "0123456789abcdef" }] }).spec,
  };
  const kept = { ...before, secret_environment: { TOKEN: sealed, OTHER_KEY: sealed } };

  it("changes only what is given", () => {
    const { spec, secrets } = mergeSpec("hello", kept, { memory_limit: "64m" });
    assert.deepEqual({ ...spec, memory_limit: kept.memory_limit }, kept);
    assert.equal(spec.memory_limit, 64 * 1024 * 1024);
    assert.deepEqual(secrets, {});
  });

  it("keeps, changes and removes secrets", () => {
    const one = mergeSpec("hello", kept, { environment: { B: "2", TOKEN: "***", OTHER_KEY: null } });
    assert.deepEqual(one.spec.environment, { B: "2" });
    assert.deepEqual(one.spec.secret_environment, { TOKEN: sealed });
    const other = mergeSpec("hello", kept, { secret_environment: { TOKEN: "new", OTHER_KEY: "***" } });
    assert.deepEqual([other.secrets, other.spec.secret_environment], [{ TOKEN: "new" }, { OTHER_KEY: sealed }]);
  });

  it("keeps the token of a port that is sent as it is stored, and replaces or removes it", () => {
    const [port] = kept.port_configs;
    const access = (change: object): unknown =>
      mergeSpec("hello", kept, { port_configs: [{ ...port, ...change }] }).spec.port_configs[0]?.access;
    assert.deepEqual(access({}), port?.access);
    assert.equal(access({ source_token: null }), null);
    assert.notDeepEqual(access({ source_token: "another-0123456789" }), port?.access);
  });

  it("goes from an image to a Dockerfile and back, and follows with strategy and health", () => {
    const built = mergeSpec("hello", kept, { dockerfile: "FROM a\n" }).spec;
    assert.deepEqual([built.image, built.build?.inline], [null, true]);
    assert.deepEqual(mergeSpec("hello", built, { build_args: { A: "1" } }).spec.build?.args, { A: "1" });
    assert.equal(mergeSpec("hello", built, { image: "b" }).spec.build, null);
    assert.equal(mergeSpec("hello", kept, { volumes: ["a:/a"] }).spec.strategy, "recreate");
    assert.equal(mergeSpec("hello", kept, { port_configs: [] }).spec.healthcheck.kind, "docker");
  });

  it("does not rename, and refuses the same as at the beginning", () => {
    assert.throws(() => mergeSpec("hello", kept, { service_name: "other" }), { code: "INVALID_SPEC" });
    assert.throws(() => mergeSpec("hello", kept, { Privileged: true }), { code: "OPTION_REFUSED" });
  });
});
