/** Why an upstream gave no (whole) answer: what the access record calls it and the status the client sees. */

import type { Reason } from "../reasons.ts";

/** `connect`: nothing of the request can have arrived. `closed`: before a byte of an answer; `torn`: after one. */
export type UpstreamFault = "connect" | "timeout" | "busy" | "closed" | "torn" | "grammar" | "silent" | "drained";

const FAULTS: Readonly<Record<UpstreamFault, readonly [reason: Reason, status: number]>> = {
  connect: ["upstream_connect", 502],
  timeout: ["upstream_connect", 504],
  busy: ["upstream_connect", 503],
  closed: ["upstream_broke", 502],
  torn: ["upstream_broke", 502],
  grammar: ["upstream_invalid", 502],
  silent: ["upstream_silent", 504],
  drained: ["upstream_broke", 502],
};

export class UpstreamError extends Error {
  readonly fault: UpstreamFault;

  constructor(fault: UpstreamFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "UpstreamError";
    this.fault = fault;
  }

  get reason(): Reason {
    return FAULTS[this.fault][0];
  }

  /** 502, 503 or 504. */
  get status(): number {
    return FAULTS[this.fault][1];
  }
}

/** What a socket or the resolver says, in our words. */
export function connectError(error: unknown, where: string): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const said = error instanceof AggregateError ? firstOf(error) : error;
  const { message, syscall } = said as NodeJS.ErrnoException;
  const code = (said as NodeJS.ErrnoException).code ?? "";
  if (syscall === "getaddrinfo") return new UpstreamError("connect", `${where}: the name does not resolve (${code})`, error);
  if (code.startsWith("ERR_TLS") || code.startsWith("ERR_SSL") || isCertificate(code))
    return new UpstreamError("connect", `${where}: TLS failed: ${message}`, error);
  return new UpstreamError("connect", `${where}: cannot connect: ${message}`, error);
}

// Private

function firstOf(error: AggregateError): unknown {
  return (error.errors as unknown[])[0] ?? error;
}

const CERTIFICATE = /CERT|SIGNATURE|ISSUER|CRL|EPROTO|SELF_SIGNED/;

function isCertificate(code: string): boolean {
  return CERTIFICATE.test(code);
}
