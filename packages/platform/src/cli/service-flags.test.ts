/** What the options of `tidegate service create` become as a request. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { addSpecOptions, requestOf, type SpecFlags } from "./service-flags.ts";

const SHORT = { image: "a:1", internal_port: 80, external_port: { from: 18_000, to: 18_100 }, bind_address: "::1" };

const CASES: readonly (readonly [args: string, request: object])[] = [
  ["--image a:1", { image: "a:1" }],
  ["--image a:1 --port 80 --host-port 18000-18100 --bind ::1", SHORT],
  ["--port 80 --port admin=81", { port_configs: [{ container: 80 }, { name: "admin", container: 81 }] }],
  ["--port web=80 --host-port 8081", { port_configs: [{ name: "web", container: 80, host: 8081 }] }],
  ["--env A=b=c --env EMPTY=", { environment: { A: "b=c", EMPTY: "" } }],
  ["--health /up --deadline 9", { healthcheck: { kind: "http", path: "/up", deadline: 9 } }],
  ["--health docker --writable", { healthcheck: { kind: "docker" }, read_only_root: false }],
  ["--context /apps/a --build-arg V=1", { build_context: "/apps/a", dockerfile_path: "Dockerfile", build_args: { V: "1" } }],
  ["--volume data:/x --volume more:/y:ro", { volumes: ["data:/x", "more:/y:ro"] }],
  ["--secret SERVICE_FLAGS_TEST", { secret_environment: { SERVICE_FLAGS_TEST: "from the environment" } }],
];

process.env["SERVICE_FLAGS_TEST"] = "from the environment";

for (const [args, request] of CASES)
  test(`${args} is ${JSON.stringify(request)}`, async () => assert.deepEqual(await requestOf(flagsOf(args)), request));

for (const [args, words] of [
  ["--host-port 70000", /port, or a range/],
  ["--host-port 9-8", /port, or a range/],
  ["--port 80 --port 81 --host-port 82", /one --port/],
  ["--secret NAME=value", /must not stand on the command line/],
  ["--secret IT_IS_NOT_SET", /no terminal/],
  ["--health up", /a path such as/],
  ["--env novalue", /name=value/],
  ["--cpus 0", /such as 0\.5/],
  ["--file /nowhere/service.json", /cannot be read/],
] as const)
  test(`${args} is refused`, async () => await assert.rejects(async () => await requestOf(flagsOf(args)), words));

// Private

function flagsOf(args: string): SpecFlags {
  const command = addSpecOptions(new Command("create"))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(args.split(" "), { from: "user" }).opts();
}
