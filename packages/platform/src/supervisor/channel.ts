/**
 * What supervisor and control tell each other over their IPC channel. Secrets travel here and never on a command line.
 */
import type { ChildProcess } from "node:child_process";
import type { ComponentStatus } from "../contract.ts";
import type { PlatformConfig } from "../config.ts";
import type { PlainError } from "../errors.ts";

/** Where the control process finds Redis. */
export interface RedisPlace {
  /** Without the password of the embedded one. */
  readonly url: string;
  readonly password: string | null;
  readonly embedded: boolean;
}

/** The embedded Redis as the supervisor sees it. */
export interface RedisProcess {
  readonly pid: number | null;
  readonly restarts: number;
  readonly detail: string | null;
}

/** One edge worker as the supervisor sees it. */
export interface EdgeProcess extends RedisProcess {
  /** From 1. */
  readonly worker: number;
}

/** The first and only thing an edge worker is told. */
export interface EdgeOrder {
  readonly type: "start";
  readonly worker: number;
  readonly config: PlatformConfig;
  readonly redis: RedisPlace;
}

/** One line of the live table. */
export interface TopicRow {
  readonly topic: string;
  readonly messages: number;
  /** Published per second. */
  readonly rate: number;
  readonly lag: number;
  readonly retrying: number;
  readonly dead: number;
}

export type ToControl =
  | {
      readonly type: "start";
      readonly config: PlatformConfig;
      readonly redis: RedisPlace;
      readonly supervisor: number;
      /** Then a part that cannot start is an error of the user's, not something to retry. */ readonly first: boolean;
    }
  | { readonly type: "redis"; readonly process: RedisProcess }
  | { readonly type: "edge"; readonly process: EdgeProcess };

export type FromControl =
  | {
      readonly type: "ready";
      readonly consoleUrl: string;
      readonly port: number;
      readonly address: string;
      /** Two, because each works once: one to show, one to open. */ readonly links: readonly [string, string];
      readonly newToken: boolean;
    }
  | { readonly type: "fatal"; readonly error: PlainError }
  | { readonly type: "components"; readonly components: readonly ComponentStatus[] }
  | { readonly type: "topics"; readonly rows: readonly TopicRow[] };

export function tellControl(child: ChildProcess | null, message: ToControl): void {
  if (child?.connected === true) child.send(message, () => {});
}

/** Resolves once it is handed to the channel, so that a process may exit after it. */
export function tellSupervisor(message: FromControl): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}
