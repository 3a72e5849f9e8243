/** A spec that nobody has checked, as from an imported file: it must be one that `checkSpec` would make. */
import { checkSpec } from "./check-spec.ts";
import type { ServiceSpec } from "./spec.ts";

/** INVALID_SPEC, OPTION_REFUSED. Its secrets stay sealed as they are, and open nowhere else. */
export function checkWhole(name: string, spec: ServiceSpec): void {
  const { secret_environment: _, ...rest } = spec;
  checkSpec({ service_name: name, ...rest });
}
