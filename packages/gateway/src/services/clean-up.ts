/** Clean-up that a person asks for: containers with our label that no service knows, and ports whose service is gone. */
import type { Operations } from "./operations.ts";
import type { Workplace } from "./run.ts";
import type { CleanUp } from "./services.ts";
import { LABELS } from "./engine/engine.ts";
import { leftovers, lookAround, serviceOf } from "./tend.ts";

/** Milliseconds it waits for whoever looks after the service. */
const PATIENCE = 2_000;

export async function cleanUp(place: Workplace, operations: Operations, dryRun: boolean): Promise<CleanUp> {
  const around = await lookAround(place);
  const found: { containers: CleanUp["containers"][number][]; ports: CleanUp["ports"][number][] } = { containers: [], ports: [] };
  for (const [name, left] of leftovers(around)) {
    if (left.containers.length + left.claims.length === 0) continue;
    if (!dryRun && (await operations.alone(name, () => takeAway(place, name), PATIENCE)) !== true) continue;
    for (const container of left.containers) found.containers.push({ id: container.id, name: container.name });
    for (const { port, owner } of left.claims) found.ports.push({ port, owner });
  }
  return found;
}

// Private

/** Looked at again under the lease: an operation may have begun meanwhile. */
async function takeAway(place: Workplace, name: string): Promise<boolean> {
  const left = leftovers(await lookAround(place)).get(name);
  if (left === undefined) return false;
  for (const { id, labels } of left.containers) {
    if (labels[LABELS.service] !== name) continue;
    await place.engine.stop(id, 1);
    await place.engine.remove(id);
  }
  if (left.close.length > 0) await place.edge.remove(left.close, AbortSignal.timeout(15_000));
  for (const claim of left.claims) if (serviceOf(claim.owner) === name) await place.ports.release(claim.owner, claim);
  return true;
}
