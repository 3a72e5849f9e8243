/** A control server for tests, with everything a test does not care about filled in. */
import type { Gateway } from "@tidegate/gateway";
import type { Tide } from "@tidegate/streams";
import type { ApiTokens } from "../../auth/api-tokens.ts";
import type { ComponentStatus, OrchestratorStatus } from "../../contract.ts";
import type { Observation } from "../../processors/compose.ts";
import { MetricsView } from "../../processors/metrics/metrics-view.ts";
import { PlatformKeys } from "../../redis/keys.ts";
import { ControlServer, type ControlServerOptions } from "../server.ts";

type Given = Partial<ControlServerOptions> & Pick<ControlServerOptions, "tide" | "auth">;

export function controlServer(given: Given): ControlServer {
  return new ControlServer({
    host: "127.0.0.1",
    port: 0,
    orchestrator: { status: () => statusOf(given.tide) },
    observation: noObservation(given.tide),
    gateway: noGateway(),
    tokens: noTokens(),
    history: { list: () => Promise.resolve([]) },
    auditStream: "logs:audit:stream",
    consoleFolder: null,
    refreshInterval: 5,
    ...given,
  });
}

export function statusOf(tide: Tide, change: Partial<OrchestratorStatus> = {}): OrchestratorStatus {
  return {
    status: "healthy",
    version: "0.0.0",
    namespace: tide.namespace,
    started_at: 0,
    redis: { address: tide.address, connected: true, round_trip_ms: 1, embedded: false },
    components: [],
    instance: "test",
    leader: true,
    lag: { messages: 0, seconds: 0, group: null },
    edge: null,
    ...change,
  };
}

export function componentOf(name: string, change: Partial<ComponentStatus> = {}): ComponentStatus {
  return { name, state: "healthy", since: 0, restarts: 0, detail: null, pid: null, needs: [], essential: false, ...change };
}

/** Answers nothing but the figures there are of `tide`: for tests that ask no processor. */
export function noObservation(tide: Tide = noTide()): Observation {
  const metrics = new MetricsView({ streams: { tide }, keys: new PlatformKeys(tide.namespace, "") }, () => Promise.resolve([]));
  // The live channel looks at the alerts unasked.
  const alerts = { table: { active: () => Promise.resolve([]) } };
  return new Proxy({ metrics, alerts } as unknown as Observation, {
    get: (target, name) =>
      Reflect.get(target, name) ?? (() => Promise.reject(new Error(`this test has no processors to ask for ${String(name)}`))),
  });
}

/** For tests that ask nothing of the gateway. */
export function noGateway(): Gateway {
  const never = (name: string): never => {
    throw new Error(`this test has no gateway to ask for ${name}`);
  };
  const part = (): object => new Proxy({}, { get: (_, name) => () => never(String(name)) });
  return {
    entities: part(),
    vault: part(),
    ports: part(),
    services: part(),
    proxies: part(),
    certificates: part(),
    edge: part(),
    parts: [],
  } as unknown as Gateway;
}

/** For tests that know the admin token only. */
function noTokens(): ApiTokens {
  return { directory: { onChange: () => () => {} } } as unknown as ApiTokens;
}

/** A connection that is none, for tests that ask nothing of Redis. */
export function noTide(): Tide {
  const silent = (): void => {};
  const logger = { component: "", enabled: () => false, response: silent, request: silent, audit: silent, error: silent };
  const span = {
    traceId: "",
    spanId: "",
    traceparent: "",
    set: silent,
    rename: silent,
    event: silent,
    announce: silent,
    fail: silent,
    end: silent,
  };
  const telemetry = { logger: () => logger, startSpan: () => span, runInSpan: (_span: unknown, work: () => unknown) => work() };
  return { ...telemetry, namespace: "test", address: "" } as unknown as Tide;
}
