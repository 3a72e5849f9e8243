/** The error of an answer that is none of ACME: a wrong address, a portal or proxy in between, a server that lies. */
import { GatewayError } from "../../errors.ts";

export function invalidAnswer(url: string, what: string, options: { readonly hint?: string; readonly cause?: unknown } = {}): GatewayError {
  return new GatewayError("ACME_INVALID_ANSWER", `${url} ${what}`, {
    hint: options.hint ?? "See whether the address is the CA's directory, and whether a proxy or sign-in portal answers in its place.",
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}
