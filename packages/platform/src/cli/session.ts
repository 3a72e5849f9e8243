/**
 * A command's connection: made when the command runs, closed when it ends, whatever happened. Which Redis: `--url`, then the
 * environment, then the running instance found upwards from the working folder.
 */
import type { Command } from "commander";
import { connect, type Tide } from "@tidegate/streams";

export interface Settings {
  readonly json: boolean;
  readonly url?: string;
  readonly namespace?: string;
}

/** The global options, wherever on the command line they stood. */
export function settingsOf(command: Command): Settings {
  const { json, url, namespace } = command.optsWithGlobals<{ json?: boolean; url?: string; namespace?: string }>();
  return { json: json ?? false, ...(url === undefined ? {} : { url }), ...(namespace === undefined ? {} : { namespace }) };
}

/** A person waits: three seconds are enough. Retention is left to the programs that own the topics. */
export function openTide(settings: Settings): Promise<Tide> {
  const { json: _, ...address } = settings;
  return connect({ ...address, service: "tidegate-cli", connectTimeout: 3000, retention: false });
}
