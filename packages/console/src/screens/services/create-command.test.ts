import assert from "node:assert/strict";
import { test } from "node:test";
import { createCommand } from "./create-command.ts";
import { blank, blankPort } from "./service-draft.ts";

const made = { ...blank, name: "hello", image: "nginx:alpine", ports: [{ ...blankPort, container: "80" }] };

test("a service's form reads as the command that does the same, and never shows a secret's value", () => {
  assert.equal(createCommand(made), "npx tidegate service create hello --image nginx:alpine --port 80");
  const variables = [
    { name: "MODE", value: "very fast", secret: false, stored: false },
    { name: "KEY", value: "hush", secret: true, stored: false },
  ];
  const ports = [{ ...blankPort, container: "80", host: "8080", bind: "0.0.0.0" }];
  assert.equal(
    createCommand({ ...made, variables, ports, memory: "1g", health: "http", path: "/up", readOnly: false }),
    "npx tidegate service create hello --image nginx:alpine --port 80 --host-port 8080 --bind 0.0.0.0 " +
      "--env 'MODE=very fast' --secret KEY --memory 1g --health /up --writable",
  );
});

test("what does not fit on one line has none", () => {
  const two = [made.ports[0] ?? blankPort, { ...blankPort, name: "admin", container: "9000", host: "9000" }];
  for (const change of [{ source: "dockerfile" as const }, { ports: two }, { ports: [{ ...blankPort, protocol: "udp" as const }] }])
    assert.equal(createCommand({ ...made, ...change }), null);
});
