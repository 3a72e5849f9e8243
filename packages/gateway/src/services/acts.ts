/** What each act notes down before it begins, and when it cannot begin. One function per act; the steps stand in `perform.ts`. */
import { GatewayError } from "../errors.ts";
import type { Entity } from "../store/entity.ts";
import { targetOf } from "./auto-proxy.ts";
import { mergeSpec } from "./check-spec.ts";
import type { Begin, Operations } from "./operations.ts";
import type { Workplace } from "./run.ts";
import { sealSecrets } from "./secrets.ts";
import type { Operation, ServiceData, ServiceSpec, ServiceState } from "./spec.ts";
import { begun, fresh } from "./state.ts";

export type Note = (begin: Begin) => Promise<Entity<ServiceData>>;

/** What an act adds to what every operation begins with; throws when it cannot be done. */
type Plan = (data: ServiceData) => {
  readonly spec?: ServiceSpec;
  readonly image?: string | null;
  readonly anew: boolean;
  readonly options?: Operation["options"];
};

export interface Founding {
  /** Default: whoever creates it. */
  readonly owner?: string;
  /** Default running. */
  readonly desired?: ServiceData["desired"];
  /** A host name that is served from it, as `checkAutoProxy` gives it. */
  readonly autoProxy?: string;
}

export function noteCreate(place: Workplace, name: string, spec: ServiceSpec, founding: Founding = {}): Note {
  return async (begin) => {
    if ((await place.entities.table("external_service").get(name)) !== null) {
      throw new GatewayError("NAME_TAKEN", `There is an external service ${name}.`);
    }
    const generation = (await lastGeneration(place, name)) + 1;
    const operation: Operation = { ...begin, generation, spec, image_id: null, replaces: null, from: null, options: {} };
    const { owner = begin.by, desired = "running", autoProxy: host } = founding;
    const data = { ...fresh(spec, operation, owner, desired), ...(host === undefined ? {} : { auto_proxy: host }) };
    const along = host === undefined ? [] : [targetOf(host, name, owner)];
    const [version] = await place.entities.change([{ kind: "service", name, expect: 0, data, revision: false }, ...along], begin.by);
    const now = Date.now();
    return { kind: "service", name, version: version ?? 1, created_at: now, updated_at: now, by: begin.by, data };
  };
}

export function noteUpdate(place: Workplace, operations: Operations, name: string, request: unknown): Note {
  return note(place, operations, name, (data) => {
    const { spec, secrets } = mergeSpec(name, data.spec, request);
    const sealed = { ...spec.secret_environment, ...sealSecrets(place.vault, name, secrets) };
    return { spec: { ...spec, secret_environment: sealed }, anew: true };
  });
}

/** To exactly this spec. */
export function noteRestore(place: Workplace, operations: Operations, name: string, spec: ServiceSpec): Note {
  return note(place, operations, name, () => ({ spec, anew: true }));
}

export function noteRollback(place: Workplace, operations: Operations, name: string): Note {
  return note(place, operations, name, ({ previous }) => {
    if (previous === null) throw new GatewayError("NOTHING_TO_ROLL_BACK", `${name} has no earlier version to go back to.`);
    return { spec: previous.spec, image: previous.image_id, anew: true };
  });
}

/** Of what was adopted the container itself. */
export function noteRestart(place: Workplace, operations: Operations, name: string): Note {
  return note(place, operations, name, ({ origin, container }) => {
    const anew = origin === "created" || container === null;
    return { image: anew ? (container?.image_id ?? null) : null, anew };
  });
}

export function noteStart(place: Workplace, operations: Operations, name: string): Note {
  return note(place, operations, name, ({ state }) => {
    if (state === "running" || state === "paused") throw wrongState(name, state, "start", state === "paused" ? "resume it" : "restart it");
    return { anew: false };
  });
}

/** It is held to be running, but its container is not: as after a restart of the engine. */
export function noteStartAgain(place: Workplace, operations: Operations, name: string): Note {
  return note(place, operations, name, ({ desired, state }) => {
    if (desired !== "running") throw wrongState(name, state, "start again", "start it");
    return { anew: false };
  });
}

export function noteStop(place: Workplace, operations: Operations, name: string): Note {
  return note(place, operations, name, ({ state }) => {
    if (state === "stopped") throw wrongState(name, state, "stop", "start it");
    return { anew: false };
  });
}

export function noteDelete(
  place: Workplace,
  operations: Operations,
  name: string,
  options: { readonly force: boolean; readonly volumes: boolean },
): Note {
  return note(place, operations, name, ({ state }) => {
    if ((state === "running" || state === "paused") && !options.force) {
      throw new GatewayError("SERVICE_RUNNING", `${name} is ${state}.`, { hint: "Stop it first, or delete it with force." });
    }
    return { anew: false, options: { volumes: options.volumes } };
  });
}

export async function known(place: Pick<Workplace, "entities">, name: string): Promise<Entity<ServiceData>> {
  const entity = await place.entities.table<ServiceData>("service").get(name);
  if (entity === null) throw new GatewayError("UNKNOWN_SERVICE", `There is no service ${JSON.stringify(name)}.`);
  return entity;
}

// Private

function note(place: Workplace, operations: Operations, name: string, plan: Plan): Note {
  return async (begin) => {
    const before = await known(place, name);
    const { data } = before;
    if (data.operation !== null) throw operations.busy(before);
    const { spec = null, image = null, anew, options = {} } = plan(data);
    const generation = data.generation + (anew ? 1 : 0);
    const operation: Operation = {
      ...begin,
      generation: anew ? generation : (data.container?.generation ?? generation),
      spec,
      image_id: image,
      replaces: data.origin === "adopted" ? (data.container?.id ?? null) : null,
      from: data.state,
      options,
    };
    const now = { ...begun(data, operation), generation };
    const [version] = await place.entities.change(
      [{ kind: "service", name, expect: before.version, data: now, revision: false }],
      begin.by,
    );
    return { ...before, version: version ?? before.version + 1, by: begin.by, data: now };
  };
}

function wrongState(name: string, state: ServiceState, act: string, instead: string): GatewayError {
  return new GatewayError("SERVICE_STATE", `${name} is ${state}; there is nothing to ${act}.`, { hint: `You can ${instead}.` });
}

/** What was left of an earlier service of the name must not be taken for the new one's. */
async function lastGeneration({ entities }: Workplace, name: string): Promise<number> {
  const [last, before] = await entities.table<ServiceData>("service").revisions(name);
  return Math.max(last?.data?.generation ?? 0, before?.data?.generation ?? 0);
}
