/**
 * One way to say no over HTTP: status, stable code, what was wrong, what to do.
 * REST turns it into problem details, the WebSocket upgrade into a plain answer.
 */
export interface RefusalOptions {
  hint?: string;
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, options: RefusalOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.hint = options.hint;
    this.headers = options.headers ?? {};
  }
}
