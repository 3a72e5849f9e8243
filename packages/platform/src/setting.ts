/** One setting as it was found, and the error for a wrong one: it names the setting, what was found and what is allowed. */
import { PlatformError } from "./errors.ts";

export interface Found {
  /** A flag, a variable, or a key of the settings file: for the error. */
  readonly where: string;
  readonly value: string;
}

/** What is set for a variable, or else for a key of the file; `key` null: of the environment only. */
export type PickSetting<Key extends string> = (variable: string, key: Key | null) => Found | null;

export function wrong(where: string, found: string, allowed: string): PlatformError {
  return new PlatformError("INVALID_SETTING", `${where} is wrong: found ${found}.`, { hint: `Allowed: ${allowed}.` });
}
