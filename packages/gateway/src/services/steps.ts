/**
 * What operations are made of. Each step can be done again, by this process or another: it looks at what there is and does what is missing.
 * Ports are released only once no container is left that might still use them.
 */
import { setTimeout as pause } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import type { EdgePort } from "../edge/switch.ts";
import type { PortClaim, PortRequest } from "../ports/ports.ts";
import { edgePorts, placeOf } from "./edge-ports.ts";
import { LABELS, type ContainerState } from "./engine/engine.ts";
import { untilHealthy } from "./probe.ts";
import type { Run } from "./run.ts";
import { openSecrets } from "./secrets.ts";
import type { ServiceData, ServiceSpec } from "./spec.ts";

export function portOwner(service: string, port: string): string {
  return `service:${service}/${port}`;
}

export function claimPorts(run: Run, spec: ServiceSpec): Promise<ServiceData["ports"]> {
  return run.step("ports", "ports", async () => {
    const requests = spec.port_configs.map((port): PortRequest => {
      const { protocol, bind, host, description } = port;
      return { owner: portOwner(run.name, port.name), by: run.operation.by, protocol, bind, host, description };
    });
    const claims = requests.length === 0 ? [] : await run.place.ports.claim(requests);
    return Object.fromEntries(spec.port_configs.map(({ name }, at) => [name, given(claims[at] as PortClaim)]));
  });
}

/** Id of the image it is made from; what building and pulling say is logged in the trace as it comes. */
export function pickImage(run: Run, spec: ServiceSpec): Promise<string> {
  const { engine, tide } = run.place;
  const logger = tide.logger(`build.${run.name}`);
  const onLine = (line: string): void => logger.info(run.hide(line), { service: run.name, operation: run.operation.id });
  return run.step("image", spec.build === null ? "image" : "build", async (signal) => {
    const { image_id, generation } = run.operation;
    if (image_id !== null) return image_id;
    if (spec.build !== null) return await engine.build(run.name, generation, spec.build, onLine, signal);
    return await engine.ensureImage(spec.image ?? "", spec.pull, onLine, signal);
  });
}

export function makeContainer(run: Run, spec: ServiceSpec, image: string, ports: ServiceData["ports"]): Promise<ContainerState> {
  const publish: { container: number; host: number; bind: string; protocol: "udp" }[] = [];
  for (const { name, container, protocol } of spec.port_configs) {
    const has = ports[name];
    if (protocol === "udp" && has !== undefined) publish.push({ container, host: has.host, bind: has.bind, protocol });
  }
  return run.heavy("container", "container", () =>
    run.place.engine.createContainer({
      service: run.name,
      generation: run.operation.generation,
      image,
      spec,
      environment: { ...spec.environment, ...openSecrets(run.place.vault, run.name, spec) },
      publish,
    }),
  );
}

export async function startAndProbe(run: Run, spec: ServiceSpec, id: string): Promise<ContainerState> {
  await run.heavy("start", "start", () => run.place.engine.start(id));
  return await run.step("probe", "probe", (signal) => untilHealthy(run.place.engine, run.name, spec, id, signal));
}

export interface Target {
  readonly spec: ServiceSpec;
  readonly ports: ServiceData["ports"];
  readonly container: ContainerState | null;
  readonly mode?: EdgePort["mode"];
  readonly hold?: number;
  /** The table says it; edge workers that do not answer will follow it when they can. */
  readonly lenient?: boolean;
}

/** From here on new connections go to the container; to none, they are refused. */
export function switchTo(run: Run, target: Target): Promise<void> {
  const { mode = "open", hold = DEFAULT_HOLD } = target;
  return run.step("switch", mode === "paused" ? "pause" : "switch", async (signal) => {
    const entries = edgePorts(run.name, { ...target, mode, hold });
    const done = entries.length === 0 ? Promise.resolve() : run.place.edge.set(entries, signal);
    await (target.lenient === true ? done.catch(unlessEdgeIsAway) : done);
  });
}

/** Nothing is listened to any more for the service, but for `keep`. */
export function closePorts(run: Run, keep: ServiceData["ports"]): Promise<void> {
  return run.step("switch", "close", async (signal) => {
    const kept = new Set(Object.values(keep).map(({ bind, host }) => placeOf({ bind, port: host })));
    const entries = (await run.place.edge.list()).filter((entry) => entry.service === run.name && !kept.has(placeOf(entry)));
    if (entries.length > 0) await run.place.edge.remove(entries, signal).catch(unlessEdgeIsAway);
  });
}

/** Lets connections end, then the container. */
export async function drainAndStop(run: Run, container: ContainerState, drain: number, grace: number): Promise<void> {
  if (container.status === "running" && container.addresses.size > 0) {
    await run.step("stop", "drain", (signal) => run.place.edge.drain(container.id, drain, signal));
  }
  await run.step("stop", "stop", () => run.place.engine.stop(container.id, grace));
}

/** Resolves when it is really gone. */
export function removeContainer(run: Run, id: string): Promise<void> {
  const { engine } = run.place;
  return run.heavy("stop", "remove", async (signal) => {
    await engine.remove(id);
    for (let tries = 0; (await engine.inspect(id)) !== null; tries++) {
      if (tries > GONE_TRIES)
        throw new GatewayError("DOCKER_ERROR", `Docker does not remove the container ${id.slice(0, 12)} of ${run.name}`);
      await pause(GONE_PAUSE, undefined, { signal });
    }
  });
}

/** All there are of the service, also those that were only adopted by it. */
export function containersOf(run: Run): Promise<ContainerState[]> {
  const { name, data, place } = run;
  const named = [data.container?.id, data.operation?.replaces].filter((id) => typeof id === "string");
  return run.step(run.stage, "look", async () => {
    const found = (await place.engine.list(name)).filter(({ id, labels }) => labels[LABELS.service] === name || named.includes(id));
    const others = named.filter((id) => !found.some((one) => one.id === id));
    const rest = await Promise.all(others.map((id) => place.engine.inspect(id)));
    return [...found, ...rest.filter((state) => state !== null)];
  });
}

/** Gives back what it holds and `keep` does not name. */
export function releasePorts(run: Run, keep: ServiceData["ports"]): Promise<void> {
  const { ports } = run.place;
  return run.step(run.stage, "release", async () => {
    for (const claim of await ports.list()) {
      if (!claim.owner.startsWith(`service:${run.name}/`) || isKept(run.name, claim, keep)) continue;
      await ports.release(claim.owner, claim, run.operation.by);
    }
  });
}

/** Seconds connections wait at a paused port. */
export const DEFAULT_HOLD = 30;

// Private

/** Docker answers a removal before it is over when somebody else removes it as well. */
const GONE_TRIES = 100;
const GONE_PAUSE = 50;

function unlessEdgeIsAway(error: unknown): void {
  if (!(error instanceof GatewayError && error.code === "EDGE_UNAVAILABLE")) throw error;
}

function given({ port, bind, protocol }: PortClaim): ServiceData["ports"][string] {
  return { host: port, bind, protocol };
}

function isKept(service: string, claim: PortClaim, keep: ServiceData["ports"]): boolean {
  return Object.entries(keep).some(([name, port]) => {
    const same = port.host === claim.port && port.protocol === claim.protocol && port.bind === claim.bind;
    return same && claim.owner === portOwner(service, name);
  });
}
