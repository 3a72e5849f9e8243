/**
 * Two checks a browser cannot be talked out of. Host: a foreign name that resolves to this machine (DNS rebinding) is refused
 * while we listen on loopback only. Origin: a page of another site may not act with our cookie.
 */
import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.ts";

/** Names below localhost never leave this machine: https://www.rfc-editor.org/rfc/rfc6761#section-6.3 */
const LOOPBACK_HOST = /^(([a-z0-9-]{1,63}\.)*localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

export function checkHost(request: IncomingMessage): void {
  const host = request.headers.host ?? "";
  if (LOOPBACK_HOST.test(host)) return;
  throw new Refusal(
    421,
    "HOST_NOT_ALLOWED",
    `This server listens on loopback only and does not answer for the host "${host.slice(0, 100)}".`,
    {
      hint: "Use http://127.0.0.1 or http://localhost with the port of this server.",
    },
  );
}

/** True when the request comes from our own page; false for another site, "null", or no Origin at all. */
export function sameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return origin !== undefined && host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

export function checkOrigin(request: IncomingMessage): void {
  if (sameOrigin(request)) return;
  throw new Refusal(
    403,
    "ORIGIN_NOT_ALLOWED",
    `The Origin "${(request.headers.origin ?? "(none)").slice(0, 100)}" may not do this with a session cookie.`,
    {
      hint: "Use the console of this server, or send the token: Authorization: Bearer tg_…",
    },
  );
}
