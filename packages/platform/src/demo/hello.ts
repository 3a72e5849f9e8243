/** A small web page for the front door to lead to: it shows what the edge told it of the request, and where to find its trace. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const SHOWN = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "traceparent", "via"];

export class Hello {
  readonly #consoleUrl: () => string;
  #server: Server | null = null;

  constructor(consoleUrl: () => string) {
    this.#consoleUrl = consoleUrl;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server?.address() as AddressInfo | undefined)?.port ?? 0}`;
  }

  async open(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
    await promise;
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeAllConnections();
    await promise;
  }

  // Private

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(request.method === "HEAD" ? undefined : this.#page(request));
  }

  #page({ method = "", url = "", headers }: IncomingMessage): string {
    const trace = String(headers["x-trace-id"] ?? "");
    const rows = SHOWN.map((name) => `<tr><th>${name}</th><td>${escapeHtml(String(headers[name] ?? "–"))}</td></tr>`);
    const link = /^[0-9a-f]{32}$/.test(trace)
      ? `<p><a href="${this.#consoleUrl()}/traces/${trace}">This request in the console</a></p>`
      : "";
    return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Hello</title>
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:12vh auto;padding:0 1.5rem}
th{text-align:left;padding-right:1.5rem;font-weight:500}td{overflow-wrap:anywhere}table{font-size:.9rem}</style>
<h1>Hello from behind the edge</h1><p>You asked for <code>${escapeHtml(`${method} ${url}`)}</code>; the edge passed it on with:</p>
<table>${rows.join("")}</table>${link}\n`;
  }
}

// Private

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
