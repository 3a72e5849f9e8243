/**
 * Whether a container is healthy: asked at once, soon again, then every interval, until it is or the deadline has passed. A container that ends meanwhile is
 * reported at once, with its exit code, rather than at the deadline.
 */
import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import type { ContainerState, Engine } from "./engine/engine.ts";
import type { ServiceSpec } from "./spec.ts";

/** Milliseconds between two looks at whether it still runs. */
const LOOK = 250;
/** Milliseconds to the second probe; doubled up to the interval, because most are ready soon after they were started. */
const FIRST_PAUSE = 100;
/** Milliseconds a container without a port must run to count as healthy. */
const SETTLED = 1_000;

/** The container once it is healthy. PROBE_FAILED, CONTAINER_EXITED. */
export async function untilHealthy(
  engine: Engine,
  service: string,
  spec: ServiceSpec,
  id: string,
  signal: AbortSignal,
): Promise<ContainerState> {
  const begun = performance.now();
  const end = begun + spec.healthcheck.deadline * 1_000;
  const first = await running(engine, service, id);
  let state = first;
  for (let tries = 0; ; tries++) {
    const problem = await ask(spec, state, performance.now() - begun, signal);
    signal.throwIfAborted();
    // What had just ended may have answered a moment before.
    state = await running(engine, service, id, first.restarts);
    if (problem === null) return state;
    const left = end - performance.now();
    if (left <= 0) throw late(service, spec, problem);
    const time = Math.min(left, spec.healthcheck.interval * 1_000, FIRST_PAUSE * 2 ** Math.min(tries, 20));
    state = await wait(engine, service, id, time, first.restarts, signal);
  }
}

export function removedBeside(service: string): GatewayError {
  return new GatewayError("CONTAINER_EXITED", `the container of ${service} was removed beside Tidegate`, {
    hint: `A new one is made by itself; tidegate service delete ${service} takes the service away.`,
  });
}

export function exited(service: string, state: ContainerState): GatewayError {
  const code = state.exit_code === null ? state.status : `exit code ${state.exit_code}`;
  const why = state.error === null || state.error === "" ? "" : `: ${state.error}`;
  return new GatewayError("CONTAINER_EXITED", `the container of ${service} ended (${code})${why}`, {
    hint: `Look at its last lines: tidegate service show ${service}`,
  });
}

// Private

async function wait(
  engine: Engine,
  service: string,
  id: string,
  time: number,
  restarts: number,
  signal: AbortSignal,
): Promise<ContainerState> {
  const end = performance.now() + time;
  for (;;) {
    await pause(Math.max(1, Math.min(LOOK, end - performance.now())), undefined, { signal });
    const state = await running(engine, service, id, restarts);
    if (performance.now() >= end) return state;
  }
}

async function running(engine: Engine, service: string, id: string, restarts: number = Infinity): Promise<ContainerState> {
  const state = await engine.inspect(id);
  if (state === null) throw new GatewayError("CONTAINER_EXITED", `the container of ${service} was removed before it was healthy`);
  if (state.status === "running" && state.restarts <= restarts) return state;
  throw exited(service, state);
}

function late(service: string, spec: ServiceSpec, problem: string): GatewayError {
  return new GatewayError("PROBE_FAILED", `${service} was not healthy within ${spec.healthcheck.deadline} s: ${problem}`, {
    hint: "Check `healthcheck` (kind, port, path, deadline) and what the container logs.",
  });
}

/** Null when it is healthy, else the last error in a few words. */
async function ask(spec: ServiceSpec, state: ContainerState, age: number, signal: AbortSignal): Promise<string | null> {
  const { kind, path, timeout } = spec.healthcheck;
  if (kind === "docker") return byDocker(state);
  const port = probedPort(spec);
  if (port === null) return age >= SETTLED ? null : "it has only just started";
  const address = state.addresses.get(port);
  if (address === undefined) return `its port ${port} has no address yet`;
  const where = `port ${port}`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout * 1_000)]);
  const problem = kind === "tcp" ? await byTcp(address, limit) : await byHttp(address, path, limit);
  if (problem === null) return null;
  return kind === "tcp" ? `${where}: ${problem}` : `GET ${path} on ${where}: ${problem}`;
}

function probedPort(spec: ServiceSpec): number | null {
  const tcp = spec.port_configs.filter(({ protocol }) => protocol === "tcp");
  const named = spec.healthcheck.port === null ? tcp[0] : tcp.find(({ name }) => name === spec.healthcheck.port);
  return named?.container ?? null;
}

function byDocker(state: ContainerState): string | null {
  if (state.health === "healthy") return null;
  return state.health === "none" ? "the image has no HEALTHCHECK" : `Docker says ${state.health}`;
}

function byTcp({ host, port }: { readonly host: string; readonly port: number }, limit: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal: limit });
    const done = (problem: string | null): void => {
      resolve(problem);
      socket.destroy();
    };
    socket.once("connect", () => done(null));
    socket.once("error", (error) => done(inWords(error)));
  });
}

function byHttp(
  { host, port }: { readonly host: string; readonly port: number },
  path: string,
  limit: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path, agent: false, signal: limit, headers: { "user-agent": "tidegate-probe" } });
    asked.once("response", (response) => {
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400 ? null : `answered ${status}`);
      response.destroy();
    });
    asked.once("error", (error) => resolve(inWords(error)));
    asked.end();
  });
}

function inWords(error: Error & { readonly code?: string }): string {
  if (error.name === "AbortError" || error.name === "TimeoutError" || error.code === "ABORT_ERR") return "no answer in time";
  if (error.code === "ECONNREFUSED") return "nothing listens there";
  if (error.code === "ECONNRESET") return "the connection was reset";
  return error.message;
}
