/**
 * Every error becomes problem details (RFC 9457) here, once. Only our own errors speak for themselves; anything unexpected
 * is a 500 that tells its request id and nothing else.
 */
import { STATUS_CODES } from "node:http";
import { GatewayError } from "@tidegate/gateway";
import { TidegateError } from "@tidegate/streams";
import type { ErrorCode } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import type { Problem } from "../contract.ts";

/** Codes of the library that are the caller's doing; all others of `REDIS_…` mean "later perhaps". */
const STATUS: Partial<Record<ErrorCode, number>> = {
  INVALID_TOPIC: 400,
  INVALID_GROUP: 400,
  INVALID_MESSAGE: 400,
  INVALID_POSITION: 400,
  UNKNOWN_TOPIC: 404,
  UNKNOWN_GROUP: 404,
  UNKNOWN_DEAD_LETTER: 404,
  UNKNOWN_JOB: 404,
  WRONG_KEY_TYPE: 409,
  TOPIC_IN_USE: 409,
  PAYLOAD_TOO_LARGE: 413,
  PUBLISH_UNKNOWN: 504,
  BACKPRESSURE: 503,
  CLOSED: 503,
  NOT_REDIS: 503,
  AUTH_FAILED: 503,
  ACCESS_DENIED: 503,
  EVICTING_REDIS: 503,
  UNSUPPORTED_REDIS: 503,
  REDIS_UNREACHABLE: 503,
  REDIS_READ_ONLY: 503,
  REDIS_FULL: 503,
  REDIS_CANNOT_PERSIST: 503,
  REDIS_BUSY: 503,
  REDIS_ERROR: 502,
};

export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof TidegateError) return ofLibrary(error);
  if (error instanceof GatewayError) return ofGateway(error);
  if (error instanceof z.ZodError) return ofSchema(error);
  return ofFastify(error as { code?: unknown; statusCode?: unknown });
}

export function problemOf(refusal: Refusal, requestId: string): Problem {
  const { status, code, message: detail, hint } = refusal;
  const problem = { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail, code, request_id: requestId };
  const tail = refusal.cause instanceof GatewayError ? refusal.cause.logTail : [];
  return { ...problem, ...(hint === undefined ? {} : { hint }), ...(tail.length === 0 ? {} : { log_tail: tail }) };
}

export function notFound(method: string, url: string): Refusal {
  return new Refusal(404, "NOT_FOUND", `Nothing is served at ${method} ${url.split("?")[0]?.slice(0, 200)}.`, {
    hint: "All routes are listed at /api/docs and /api/openapi.json.",
  });
}

// Private

function ofLibrary(error: TidegateError): Refusal {
  const status = STATUS[error.code];
  if (status === undefined) return internal(error);
  return new Refusal(status, error.code, error.message, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(status === 503 ? { headers: { "Retry-After": "2" } } : {}),
  });
}

function ofGateway(error: GatewayError): Refusal {
  const { status, code, message, hint } = error;
  return new Refusal(status, code, message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

function ofSchema(error: z.ZodError): Refusal {
  const complaints = error.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "the request"}: ${issue.message}`);
  return new Refusal(400, "INVALID_REQUEST", complaints.join("; "), {
    cause: error,
    hint: "The expected shape is in /api/openapi.json and /api/docs.",
  });
}

function ofFastify(error: { code?: unknown; statusCode?: unknown }): Refusal {
  const code = typeof error.code === "string" ? error.code : "";
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new Refusal(413, "PAYLOAD_TOO_LARGE", "The request body is larger than 2 MiB (an import: 32 MiB).", { cause: error });
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON.", {
      cause: error,
      hint: "Send the header Content-Type: application/json.",
    });
  }
  if (code.startsWith("FST_ERR_") && typeof error.statusCode === "number" && error.statusCode >= 400 && error.statusCode < 500) {
    return new Refusal(error.statusCode, "INVALID_REQUEST", "The request cannot be understood.", { cause: error });
  }
  return internal(error);
}

function internal(cause: unknown): Refusal {
  return new Refusal(500, "INTERNAL", "Something went wrong on our side.", {
    cause,
    hint: "The log of the control process has the details under this request id.",
  });
}
