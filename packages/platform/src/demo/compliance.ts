/**
 * Rules this machine either keeps or breaks; each says what it found. Pure.
 */
import type { Listener } from "./machine/listeners.ts";
import { keyOf } from "./machine/listeners.ts";

/** What the rules look at. `mode` is the permission part of stat(2)'s mode, null where the file is not there. */
export interface Evidence {
  readonly listeners: readonly Listener[];
  readonly dataFolderMode: number | null;
  readonly secrets: readonly { readonly name: string; readonly mode: number | null }[];
}

export interface RuleResult {
  readonly rule: string;
  readonly passed: boolean;
  readonly found: string;
}

export function checkRules(evidence: Evidence): RuleResult[] {
  return [loopbackOnly(evidence.listeners), privateFolder(evidence.dataFolderMode), privateSecrets(evidence.secrets)];
}

// Private

const OTHERS = 0o077;

function loopbackOnly(listeners: readonly Listener[]): RuleResult {
  const open = listeners.filter(({ scope }) => scope !== "loopback").map(keyOf);
  const found =
    open.length === 0 ? `${listeners.length} listeners, all on loopback` : `reachable from outside: ${open.slice(0, 10).join(", ")}`;
  return { rule: "listeners_on_loopback_only", passed: open.length === 0, found };
}

function privateFolder(mode: number | null): RuleResult {
  const found = mode === null ? "no data folder" : `mode ${octal(mode)}, allowed 0700`;
  return { rule: "data_folder_private", passed: mode !== null && (mode & OTHERS) === 0, found };
}

function privateSecrets(secrets: Evidence["secrets"]): RuleResult {
  const open = secrets.filter(({ mode }) => mode !== null && (mode & OTHERS) !== 0);
  const found =
    open.length === 0
      ? "no secret file readable by others"
      : open.map(({ name, mode }) => `${name} has mode ${octal(mode ?? 0)}, allowed 0600`).join(", ");
  return { rule: "secrets_private", passed: open.length === 0, found };
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
