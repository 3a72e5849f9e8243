/** What the control process and its thread of services say to each other. Everything can be copied; errors keep their code, hint and log lines. */
import { TidegateError, type ConnectOptions } from "@tidegate/streams";
import { GatewayError, type GatewayErrorCode } from "../errors.ts";
import type { GatewaySettings } from "../foundation.ts";
import type { EngineInfo } from "../services/engine/engine.ts";

/** Acts on services; each is what `Services` says. */
export type ActName =
  | "create"
  | "update"
  | "rollback"
  | "restore"
  | "start"
  | "stop"
  | "restart"
  | "delete"
  | "pause"
  | "resume"
  | "adopt"
  | "cleanUp";

/** How the thread reaches Redis: as the control process does, its callbacks aside. */
export type ThreadConnection = Pick<ConnectOptions, "url" | "password" | "namespace" | "service" | "telemetry">;

export interface ThreadOrder {
  readonly settings: GatewaySettings;
  readonly connection: ThreadConnection;
}

export type ToThread =
  | {
      readonly kind: "act";
      readonly id: number;
      readonly act: ActName;
      readonly args: readonly unknown[];
      readonly traceparent: string | undefined;
    }
  | { readonly kind: "leads"; readonly leads: boolean }
  | { readonly kind: "stop" };

export type FromThread =
  | { readonly kind: "up" }
  | { readonly kind: "failed"; readonly error: CopiedError }
  | { readonly kind: "engine"; readonly info: EngineInfo | null; readonly problem: string | null }
  | { readonly kind: "trouble"; readonly component: string; readonly message: string }
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | { readonly kind: "refused"; readonly id: number; readonly error: CopiedError };

export interface CopiedError {
  readonly message: string;
  readonly stack: string | undefined;
  /** Whose code it is; null: of neither. */
  readonly of: "gateway" | "streams" | null;
  readonly code: string;
  readonly hint: string | undefined;
  readonly logTail: readonly string[];
}

export function copyError(error: unknown): CopiedError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof GatewayError) return { message, stack, of: "gateway", code: error.code, hint: error.hint, logTail: error.logTail };
  if (error instanceof TidegateError) return { message, stack, of: "streams", code: error.code, hint: error.hint, logTail: [] };
  return { message, stack, of: null, code: "", hint: undefined, logTail: [] };
}

export function errorFrom({ message, stack, of, code, hint, logTail }: CopiedError): Error {
  const help = hint === undefined ? {} : { hint };
  const error =
    of === "gateway"
      ? new GatewayError(code as GatewayErrorCode, message, { ...help, logTail })
      : of === "streams"
        ? new TidegateError(code as TidegateError["code"], message, help)
        : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
