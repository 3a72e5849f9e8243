/** Tests of the template: what a request can change of it, and what not. The engine's own view of it is in `broker.docker.test.ts`. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkSpec } from "../check-spec.ts";
import type { ContainerRequest } from "./engine.ts";
import { Names } from "./names.ts";
import { containerOptions } from "./options.ts";

const names = new Names("test");

function request(fields: object = {}, more: Partial<ContainerRequest> = {}): ContainerRequest {
  const { spec } = checkSpec({ service_name: "hello", image: "web:1", ...fields });
  return { service: "hello", generation: 3, image: "sha256:1", spec, environment: {}, publish: [], ...more };
}

describe("containerOptions", () => {
  it("publishes nothing where containers are reached by their address, but UDP", () => {
    const ports = { port_configs: [{ container: 80 }, { name: "dns", container: 53, protocol: "udp" }] };
    const publish = [{ container: 53, host: 5353, bind: "127.0.0.1", protocol: "udp" }] as const;
    const { HostConfig, ExposedPorts } = containerOptions(request(ports, { publish }), names, null);
    assert.deepEqual(HostConfig.PortBindings, { "53/udp": [{ HostIp: "127.0.0.1", HostPort: "5353" }] });
    assert.deepEqual(Object.keys(ExposedPorts), ["80/tcp", "53/udp"]);
  });

  it("publishes TCP at any port of the given address where they are not", () => {
    const { HostConfig } = containerOptions(request(), names, "127.0.0.1");
    assert.deepEqual(HostConfig.PortBindings, { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] });
  });

  it("adds capabilities only where the program may begin as root", () => {
    const added = (user: string | null): number => containerOptions(request({ user }), names, null).HostConfig.CapAdd.length;
    assert.deepEqual([null, "root", "0:0", "1000", "app", "1000:0"].map(added), [7, 7, 7, 0, 0, 0]);
  });

  it("lets our labels win, whatever a spec says", () => {
    const made = request({ labels: { team: "blue" } });
    const labels = { ...made.spec.labels, "tidegate.service": "other", "tidegate.adopt": "x" };
    assert.deepEqual(containerOptions({ ...made, spec: { ...made.spec, labels } }, names, null).Labels, {
      team: "blue",
      "tidegate.namespace": "test",
      "tidegate.service": "hello",
      "tidegate.generation": "3",
    });
  });

  it("keeps names of services apart", () => {
    assert.notEqual(names.volume("a", "b-c"), names.volume("a-b", "c"));
    assert.equal(names.image("hello", 2), "tidegate/test/hello:2");
    assert.match(names.image("a___b-", 2), /^tidegate\/test\/x[0-9a-f]{16}:2$/);
    assert.equal(names.container("hello", 2), "tidegate-test-hello-2");
  });
});
