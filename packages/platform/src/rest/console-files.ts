/**
 * The console's built files. Only regular files below the folder are served, links out of it are not followed, and a page
 * address of the console (`/topics/identity`) gets index.html, because the console routes in the browser.
 */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "../auth/refusal.ts";
import { sendPage } from "./page.ts";
import { notFound } from "./problem.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

const NOT_BUILT = `<h1>Tidegate is running</h1><p>The web console is not built yet. In the folder of the repository:</p>
<pre>npm run build -w @tidegate/console</pre><p>Then start Tidegate again. The API is here already: <a href="/api/docs">/api/docs</a>.</p>`;

export class ConsoleFiles {
  readonly #folder: string | null;

  constructor(folder: string | null) {
    this.#folder = folder;
  }

  async serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const path = safePath(request.url);
    const root = this.#folder === null ? null : await realpath(this.#folder).catch(() => null);
    if (root === null) return isFileName(path) ? refuse(request) : sendPage(reply, "Tidegate", NOT_BUILT);
    const file = await regularFile(root, path);
    if (file !== null) return sendFile(reply, file, path);
    if (isFileName(path)) return refuse(request);
    const index = await regularFile(root, "/index.html");
    return index === null ? sendPage(reply, "Tidegate", NOT_BUILT) : sendFile(reply, index, "/index.html");
  }
}

// Private

interface File {
  readonly path: string;
  readonly size: number;
}

/** Decoded; refuses what could name something outside the folder or a hidden file. */
function safePath(url: string): string {
  const path = decode(url.split(/[?#]/)[0] ?? "/");
  const bad = path === null || /[\\\0]/.test(path) || path.split("/").some((part) => part.startsWith("."));
  if (!bad) return path;
  throw new Refusal(400, "INVALID_PATH", "This path is not allowed.", { hint: "The console starts at /." });
}

function decode(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/** A file that is missing must not be answered with a page: the browser would take it for a script or a style. */
function isFileName(path: string): boolean {
  return path.startsWith("/assets/") || (path !== "/index.html" && extname(path) in TYPES);
}

function refuse(request: FastifyRequest): never {
  throw notFound(request.method, request.url);
}

async function regularFile(root: string, path: string): Promise<File | null> {
  const real = await realpath(join(root, path)).catch(() => null);
  if (real === null || !real.startsWith(root + sep)) return null;
  const found = await stat(real).catch(() => null);
  return found?.isFile() ? { path: real, size: found.size } : null;
}

function sendFile(reply: FastifyReply, file: File, path: string): FastifyReply {
  // Vite writes a hash of the content into the names below assets/, so they never change.
  const hashed = path.startsWith("/assets/") && /-[A-Za-z0-9_-]{8,}\.\w+$/.test(path);
  return reply
    .header("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache")
    .header("Content-Length", file.size)
    .type(TYPES[extname(file.path)] ?? "application/octet-stream")
    .send(createReadStream(file.path));
}
