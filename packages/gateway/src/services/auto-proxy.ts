/**
 * The host name that a service is made with (`auto_proxy`). Its target is noted down in the same step as the service, so neither is ever there alone
 * because something failed, and it goes with the service as long as it still leads there and has the same owner. Otherwise it is anybody's target.
 */
import { GatewayError } from "../errors.ts";
import { checkTarget } from "../routes/check-target.ts";
import { upstreamText } from "../routes/explain.ts";
import { checkHost } from "../routes/host.ts";
import type { TargetData } from "../routes/spec.ts";
import type { Change, Entity } from "../store/entity.ts";
import type { Run } from "./run.ts";
import type { ServiceData, ServiceSpec } from "./spec.ts";

/** As it is kept. INVALID_NAME; INVALID_SPEC where nothing could be sent to the service. */
export function checkAutoProxy(given: string, name: string, spec: ServiceSpec): string {
  const host = checkHost(given);
  if (spec.port_configs.some(({ protocol }) => protocol === "tcp")) return host;
  throw new GatewayError("INVALID_SPEC", `auto_proxy: ${name} has no TCP port, so nothing could be sent to it from ${host}.`, {
    hint: "Give it one, or leave auto_proxy out.",
  });
}

export function targetOf(host: string, service: string, owner: string): Change {
  const data = checkTarget(host, { service_name: service }, null, owner);
  const event = { type: "proxy_created", data: { host, target: upstreamText(data.upstream) } } as const;
  return { kind: "target", name: host, expect: 0, data, events: [event] };
}

export function isOwnTarget({ name, data }: Entity<TargetData>, service: Pick<Entity<ServiceData>, "name" | "data">): boolean {
  const { upstream, owner } = data;
  const leadsThere = upstream.kind === "service" && upstream.service === service.name;
  return leadsThere && name === service.data.auto_proxy && owner === service.data.owner;
}

/** Before the service itself is forgotten. May be done again. */
export async function removeOwnTarget(run: Run): Promise<void> {
  if (run.data.auto_proxy === undefined) return;
  await run.step("stop", "proxy", () => remove(run, run.data.auto_proxy ?? ""));
}

// Private

async function remove(run: Run, host: string): Promise<void> {
  const table = run.place.entities.table<TargetData>("target");
  for (;;) {
    const found = await table.get(host);
    if (found === null || !isOwnTarget(found, run)) return;
    try {
      return await table.remove(found, run.operation.by, { type: "proxy_deleted", data: { host } });
    } catch (error) {
      // Somebody changes or removes it at the same time.
      if (!(error instanceof GatewayError && (error.code === "VERSION_CONFLICT" || error.code === "UNKNOWN_ENTITY"))) throw error;
    }
  }
}
