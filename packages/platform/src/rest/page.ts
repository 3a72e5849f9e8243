/** A plain HTML page without scripts. Its style is allowed by its hash, so the policy needs no 'unsafe-inline'. */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { CONTENT_POLICY } from "./headers.ts";

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.5 ui-monospace,monospace}pre{padding:.75rem;overflow:auto;background:color-mix(in srgb,currentColor 8%,transparent)}
h2{margin-top:2.5rem}table{border-collapse:collapse}td,th{padding:.15rem 1rem .15rem 0;text-align:left;vertical-align:top}`;

const POLICY = `${CONTENT_POLICY}; style-src 'self' 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;

/** `body` is trusted HTML; put foreign text through `escapeHtml` first. */
export function sendPage(reply: FastifyReply, title: string, body: string): FastifyReply {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title>`;
  return reply
    .header("Content-Security-Policy", POLICY)
    .header("Cache-Control", "no-store")
    .type("text/html; charset=utf-8")
    .send(`<!doctype html><html lang="en"><head>${head}<style>${STYLE}</style></head><body>${body}</body></html>`);
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
