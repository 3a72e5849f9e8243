/** A message that breaks the grammar of HTTP/1 or a limit. A fault in a request is answered with `status`; one in an upstream's answer is always a 502. */
export type HttpFault =
  | "bad-request-line"
  | "bad-status-line"
  | "bad-version"
  | "bad-target"
  | "bad-method"
  | "bad-host"
  | "bad-field"
  | "bad-connection"
  | "bad-length"
  | "bad-coding"
  | "bad-chunk"
  | "bad-expect"
  | "ambiguous-length"
  | "target-too-long"
  | "too-many-fields"
  | "head-too-large"
  | "head-timeout"
  | "body-timeout"
  | "body-too-slow"
  | "unasked-upgrade"
  | "internal";

export class HttpError extends Error {
  readonly status: number;
  /** Stable; for records and counts. */
  readonly code: HttpFault;

  constructor(status: number, code: HttpFault, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
