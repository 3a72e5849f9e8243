/** What the store asks of whoever runs services: a stored service never changes here without its container. */
import type { ServiceData, ServiceSpec } from "../services/spec.ts";

export interface ServiceHooks {
  /** To exactly this spec: an update, or a creation where there is none. With `wait: false` it is noted down and goes on by itself. */
  restore(
    name: string,
    spec: ServiceSpec,
    by: string,
    options?: { readonly wait?: boolean; readonly owner?: string; readonly desired?: ServiceData["desired"] },
  ): Promise<unknown>;
  delete(name: string, by: string, options?: { readonly wait?: boolean; readonly force?: boolean }): Promise<void>;
}
