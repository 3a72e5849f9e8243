/**
 * The way back from an operation that failed: a creation leaves nothing behind, a deploy leaves the old container serving. Done again until it
 * works, by whichever process has the lease; the reason was noted down before it began.
 */
import { removeOwnTarget } from "./auto-proxy.ts";
import { takeDown, forget } from "./end.ts";
import { toldFailure } from "./events.ts";
import type { ContainerState } from "./engine/engine.ts";
import { modeOf } from "./deploy.ts";
import { untilHealthy } from "./probe.ts";
import type { Run } from "./run.ts";
import type { Failure } from "./spec.ts";
import { stopped, undone } from "./state.ts";
import * as steps from "./steps.ts";

export async function undo(run: Run, failure: Failure): Promise<void> {
  const { kind } = run.operation;
  if (kind === "create" && run.data.container === null) return await undoCreate(run, failure);
  if (kind === "update" || kind === "restart" || kind === "rollback") await backToOld(run);
  if (kind === "start") await stayDown(run);
  if (kind === "stop" && !(await stillRuns(run))) return await run.commit({ ...stopped(run.data), failure });
  const data = undone(run.data, failure);
  await run.commit(data, { events: [toldFailure(run.name, data, failure)] });
}

// Private

/** Nobody waits for what never served. */
const SHORT_GRACE = 1;

async function undoCreate(run: Run, failure: Failure): Promise<void> {
  await takeDown(run, SHORT_GRACE);
  await forget(run);
  await removeOwnTarget(run);
  await run.commit(null, { events: [toldFailure(run.name, run.data, failure)], revision: true });
}

async function stillRuns(run: Run): Promise<boolean> {
  const { container } = run.data;
  if (container === null) return false;
  return (await run.step("stop", "look", () => run.place.engine.inspect(container.id)))?.status === "running";
}

async function backToOld(run: Run): Promise<void> {
  const { container, spec, ports } = run.data;
  const all = await steps.containersOf(run);
  const others = all.filter(({ id }) => id !== container?.id);
  const old = all.find(({ id }) => id === container?.id) ?? null;
  const serving = old === null ? null : await oldServing(run, old, others);
  if (serving !== null || old === null) await steps.switchTo(run, { spec, ports, container: serving, mode: modeOf(run), lenient: true });
  for (const { id } of others) {
    await run.step("stop", "stop", () => run.place.engine.stop(id, SHORT_GRACE));
    await steps.removeContainer(run, id);
  }
  await steps.closePorts(run, ports);
  await steps.releasePorts(run, ports);
}

/** With `recreate` it was stopped, and the new one may have its ports and volumes. */
async function oldServing(run: Run, old: ContainerState, others: readonly ContainerState[]): Promise<ContainerState | null> {
  const { from } = run.operation;
  if (from !== "running" && from !== "paused") return null;
  if (old.status === "running") return old;
  for (const { id } of others) await run.step("stop", "stop", () => run.place.engine.stop(id, SHORT_GRACE));
  const { engine } = run.place;
  const state = await run.step("start", "start", () => engine.start(old.id));
  const { spec } = run.data;
  // It was healthy once: whoever connects is better served by it than by nobody.
  return await run
    .step("probe", "probe", (signal) => untilHealthy(engine, run.name, spec, old.id, signal))
    .catch(async () => {
      await run.check();
      return state;
    });
}

async function stayDown(run: Run): Promise<void> {
  const { container, spec, ports } = run.data;
  await steps.switchTo(run, { spec, ports, container: null, lenient: true });
  for (const { id } of await steps.containersOf(run)) {
    await run.step("stop", "stop", () => run.place.engine.stop(id, SHORT_GRACE));
    if (id !== container?.id) await steps.removeContainer(run, id);
  }
  await steps.releasePorts(run, ports);
}
