/** A service's own secrets: sealed before they are kept, opened only for its container, and hidden in everything that is kept or told. */
import type { Sealed } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import type { ServiceSpec } from "./spec.ts";

/** Shorter values would blacken half the text. */
const SHORTEST = 4;

export function sealSecrets(vault: Vault, service: string, secrets: Readonly<Record<string, string>>): Record<string, Sealed> {
  return Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, vault.seal(text, placeOf(service, name))]));
}

/** ENCRYPTION_KEY_WRONG. */
export function openSecrets(vault: Vault, service: string, spec: ServiceSpec): Record<string, string> {
  const entries = Object.entries(spec.secret_environment);
  return Object.fromEntries(entries.map(([name, sealed]) => [name, vault.open(sealed, placeOf(service, name))]));
}

/** Puts `***` where a text has one of them. */
export function hider(vault: Vault, service: string, ...specs: readonly (ServiceSpec | null)[]): (text: string) => string {
  const values = specs.flatMap((spec) => (spec === null ? [] : Object.values(opened(vault, service, spec))));
  const long = values.filter(({ length }) => length >= SHORTEST).toSorted((one, other) => other.length - one.length);
  return (text) => long.reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text);
}

// Private

function placeOf(service: string, name: string): string {
  return `service/${service}/environment/${name}`;
}

function opened(vault: Vault, service: string, spec: ServiceSpec): Record<string, string> {
  try {
    return openSecrets(vault, service, spec);
  } catch {
    // What does not open was not given to a container either.
    return {};
  }
}
