/**
 * Many services made, changed and deleted at once through several instances, whose control processes are killed meanwhile, with one restart of the
 * Docker Engine. What a lost answer left open is found out by asking again, as a person would.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { ServiceAnswer } from "../../packages/platform/src/contract.ts";
import type { Seed } from "./seed.ts";
import type { TidegateInstance } from "./services-instance.ts";

export interface CrowdOptions {
  readonly instances: readonly TidegateInstance[];
  readonly images: readonly string[];
  readonly services: number;
  /** Acts on each service. */
  readonly acts: number;
  readonly seed: Seed;
}

/** One act, by the trace that the caller began. */
export interface Act {
  readonly service: string;
  readonly what: "create" | "update" | "delete";
  readonly trace: string;
  /** Null: the answer was lost. */
  readonly status: number | null;
  readonly code: string | null;
}

export interface Crowd {
  readonly acts: Act[];
  /** What each service is to be in the end: its image, or gone. */
  readonly wanted: ReadonlyMap<string, string | null>;
}

export async function runCrowd({ instances, images, services, acts, seed }: CrowdOptions): Promise<Crowd> {
  const done: Act[] = [];
  const wanted = new Map<string, string | null>();
  const one = async (number: number): Promise<void> => {
    const name = `s${number}`;
    let image: string | null = null;
    for (let act = 0; act < acts; act++) {
      const what: Act["what"] = image === null ? "create" : seed.below(3) === 0 ? "delete" : "update";
      const next: string | null = what === "delete" ? null : seed.pick(images);
      done.push(await perform(instances, seed, name, what, next));
      image = await settled(instances, seed, name);
      wanted.set(name, image);
    }
  };
  await Promise.all(Array.from({ length: services }, (_, number) => one(number)));
  return { acts: done, wanted };
}

/** What there is of a service once nothing is under way with it: its image, or null. */
export async function settled(instances: readonly TidegateInstance[], seed: Seed, name: string): Promise<string | null> {
  const limit = performance.now() + 240_000;
  for (;;) {
    const answer = await seed.pick(instances).ask("GET", `/api/v1/services/${name}`);
    if (answer?.status === 404) return null;
    const service = answer?.status === 200 ? (answer.body as ServiceAnswer) : null;
    if (service !== null && service.operation === null) return service.image;
    if (performance.now() > limit) throw new Error(`${name} did not settle: ${JSON.stringify(service?.operation ?? answer)}`);
    await pause(200);
  }
}

// Private

async function perform(
  instances: readonly TidegateInstance[],
  seed: Seed,
  service: string,
  what: Act["what"],
  image: string | null,
): Promise<Act> {
  const trace = randomBytes(16).toString("hex");
  const traceparent = `00-${trace}-${randomBytes(8).toString("hex")}-01`;
  const instance = seed.pick(instances);
  const path = what === "create" ? "/api/v1/services" : `/api/v1/services/${service}${what === "delete" ? "?force=true" : ""}`;
  const method = { create: "POST", update: "PATCH", delete: "DELETE" }[what];
  const body = what === "delete" ? undefined : what === "create" ? bodyOf(service, image ?? "") : { image };
  const answer = await instance.ask(method, path, { traceparent, ...(body === undefined ? {} : { body }) });
  const code = (answer?.body as { code?: string } | undefined)?.code ?? null;
  return { service, what, trace, status: answer?.status ?? null, code };
}

function bodyOf(service_name: string, image: string): object {
  return {
    service_name,
    image,
    pull: "never",
    memory_limit: "32m",
    port_configs: [{ name: "web", container: 8080 }],
    healthcheck: { path: "/", interval: 0.5, deadline: 60 },
    drain_timeout: 2,
    stop_timeout: 1,
  };
}
