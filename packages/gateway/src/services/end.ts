/** Stopping a service, and taking it away: what it listens on, its containers, and its ports once those are gone. */
import { removeOwnTarget } from "./auto-proxy.ts";
import { told } from "./events.ts";
import type { Run } from "./run.ts";
import { stopped } from "./state.ts";
import * as steps from "./steps.ts";

/** Its ports stay its own and refuse connections; the container stays for a start. */
export async function stop(run: Run): Promise<void> {
  const { container, spec, ports } = run.data;
  await steps.switchTo(run, { spec, ports, container: null, lenient: true });
  const state = container === null ? null : await run.step("stop", "look", () => run.place.engine.inspect(container.id));
  if (state !== null) await steps.drainAndStop(run, state, spec.drain_timeout, spec.stop_timeout);
  const data = stopped(run.data);
  await run.commit(data, { events: [told("service_stopped", run.name, data)], revision: true });
}

export async function remove(run: Run): Promise<void> {
  await takeDown(run, run.data.spec.stop_timeout);
  await forget(run);
  if (run.operation.options["volumes"] === true) await run.step("stop", "volumes", () => run.place.engine.removeVolumes(run.name));
  await removeOwnTarget(run);
  await run.commit(null, { events: [told("service_deleted", run.name, run.data)], revision: true });
}

/** Nothing of it is left but its name in the store. */
export async function takeDown(run: Run, grace: number): Promise<void> {
  await steps.closePorts(run, {});
  for (const container of await steps.containersOf(run)) {
    await steps.drainAndStop(run, container, 0, grace);
    await steps.removeContainer(run, container.id);
  }
  await steps.releasePorts(run, {});
}

/** Images of our own making; one that stays only costs room. */
export async function forget(run: Run): Promise<void> {
  await run
    .step("stop", "images", () => run.place.engine.removeImages(run.name, []))
    .catch((error: unknown) => {
      run.place.tide.logger(`service.${run.name}`).debug("images are still there", { error });
    });
  await run.check();
}
