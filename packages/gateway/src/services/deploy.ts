/**
 * From one container to the next: the new one beside the old, probed, switched to, and only then is the old one drained and removed. Until the
 * new one has taken over (`handedOver`) everything can be undone, and the old one serves; afterwards there is only going on.
 * Where two cannot run at once (`recreate`) connections wait meanwhile.
 */
import { addressOf } from "./edge-ports.ts";
import type { ContainerState } from "./engine/engine.ts";
import type { Run } from "./run.ts";
import type { ContainerRef, ServiceData, ServiceSpec } from "./spec.ts";
import { happened } from "./events.ts";
import { anew, handedOver, settled } from "./state.ts";
import * as steps from "./steps.ts";

export async function deploy(run: Run): Promise<void> {
  if (run.data.container?.generation !== run.operation.generation) await bring(run);
  await tidy(run);
}

/** The container there is; a new one where it is gone. */
export async function startAgain(run: Run): Promise<void> {
  const { container, spec, ports } = run.data;
  const there = container !== null && container.generation === run.operation.generation;
  const state = there ? await run.step("start", "look", () => run.place.engine.inspect(container.id)) : null;
  if (state === null) {
    if (there || container === null) await run.commit(anew({ ...run.data, container: null }));
    return await deploy(run);
  }
  if (run.operation.kind === "restart") await bounce(run, state);
  const healthy = await steps.startAndProbe(run, spec, state.id);
  await steps.switchTo(run, { spec, ports, container: healthy, mode: modeOf(run) });
  const data = handedOver(run.data, refOf(healthy, run.operation.generation), ports, spec);
  await run.commit(settled(data), { events: happened(run, data), revision: true });
}

/** How its ports are to be once it serves. */
export function modeOf(run: Run): "open" | "paused" {
  return run.operation.from === "paused" ? "paused" : "open";
}

export function refOf(container: ContainerState, generation: number): ContainerRef {
  return { id: container.id, generation, image_id: container.image_id, address: addressOf(container) };
}

// Private

async function bring(run: Run): Promise<void> {
  const spec = run.operation.spec ?? run.data.spec;
  const ports = await steps.claimPorts(run, spec);
  const image = await steps.pickImage(run, spec);
  const made = await steps.makeContainer(run, spec, image, ports);
  if (run.data.desired === "running") await serve(run, spec, ports, made);
  else await handOver(run, made, ports, spec);
}

async function serve(run: Run, spec: ServiceSpec, ports: ServiceData["ports"], made: ContainerState): Promise<void> {
  if (spec.strategy === "recreate" || run.data.spec.strategy === "recreate") await makeWay(run, spec);
  const healthy = await steps.startAndProbe(run, spec, made.id);
  await steps.switchTo(run, { spec, ports, container: healthy, mode: modeOf(run) });
  await handOver(run, healthy, ports, spec);
}

/** The old one ends first; whoever connects meanwhile waits. */
async function makeWay(run: Run, next: ServiceSpec): Promise<void> {
  const { container, spec, ports } = run.data;
  const old = container === null ? null : await run.step("switch", "look", () => run.place.engine.inspect(container.id));
  if (old === null || old.status !== "running") return;
  const hold = spec.drain_timeout + spec.stop_timeout + next.healthcheck.deadline;
  await steps.switchTo(run, { spec, ports, container: old, mode: "paused", hold });
  await steps.drainAndStop(run, old, spec.drain_timeout, spec.stop_timeout);
}

async function handOver(run: Run, container: ContainerState, ports: ServiceData["ports"], spec: ServiceSpec): Promise<void> {
  const data = handedOver(run.data, refOf(container, run.operation.generation), ports, spec);
  await run.commit(data, { events: happened(run, data), revision: true });
}

/** What the former container left. */
async function tidy(run: Run): Promise<void> {
  const { container, ports, spec } = run.data;
  for (const other of await steps.containersOf(run)) {
    if (other.id === container?.id) continue;
    await steps.drainAndStop(run, other, spec.drain_timeout, spec.stop_timeout);
    await steps.removeContainer(run, other.id);
  }
  await steps.closePorts(run, ports);
  await steps.releasePorts(run, ports);
  await forgetImages(run);
  await run.commit(settled(run.data));
}

/** For want of a few bytes no deploy has failed. */
async function forgetImages(run: Run): Promise<void> {
  const { container, previous } = run.data;
  const keep = [container?.image_id, previous?.image_id].filter((id) => id !== undefined);
  await run
    .step("stop", "images", () => run.place.engine.removeImages(run.name, keep))
    .catch((error: unknown) => {
      run.place.tide.logger(`service.${run.name}`).debug("earlier images are still there", { error });
    });
  await run.check();
}

/** An adopted container is restarted, not replaced: nobody told us all it was made from. */
async function bounce(run: Run, container: ContainerState): Promise<void> {
  const { spec, ports } = run.data;
  await steps.switchTo(run, { spec, ports, container, mode: "paused", hold: spec.stop_timeout + spec.healthcheck.deadline });
  await run.step("stop", "stop", () => run.place.engine.stop(container.id, spec.stop_timeout));
}
