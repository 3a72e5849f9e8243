/** A problem document that the simulated CA answers with (RFC 8555 §6.7). */
export class Refusal extends Error {
  readonly status: number;
  /** The last part of its type. */
  readonly type: string;
  /** Unix ms. */
  readonly notBefore: number | null;

  constructor(status: number, type: string, detail: string, notBefore: number | null = null) {
    super(detail);
    this.status = status;
    this.type = type;
    this.notBefore = notBefore;
  }

  get document(): { readonly type: string; readonly detail: string; readonly status: number } {
    return { type: `urn:ietf:params:acme:error:${this.type}`, detail: this.message, status: this.status };
  }
}
