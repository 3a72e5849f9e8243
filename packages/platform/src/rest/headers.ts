/** Headers of every answer. The console needs no inline script or style, so the policy allows none. */
import type { FastifyReply } from "fastify";

export const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export function setSecurityHeaders(reply: FastifyReply, requestId: string): void {
  reply.headers({
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    // The console's files say otherwise themselves.
    "Cache-Control": "no-store",
    "X-Request-Id": requestId,
  });
}
