/** `/api/openapi.json` for programs and `/api/docs` for people, both made from the route table. */
import { z } from "zod";
import { openApiDocument } from "./openapi.ts";
import { escapeHtml, sendPage } from "./page.ts";
import { route } from "./route.ts";
import { scopeName } from "./route-scope.ts";
import type { Route } from "./route.ts";

/** `routes`: all the others; the two of this file are added to the document by themselves. */
export function docsRoutes(routes: readonly Route[], version: string): readonly Route[] {
  const own: Route[] = [];
  const all = (): readonly Route[] => [...routes, ...own];
  own.push(document(all, version), page(all, version));
  return own;
}

// Private

function document(all: () => readonly Route[], version: string): Route {
  return route({
    method: "GET",
    path: "/api/openapi.json",
    tag: "docs",
    summary: "This API as an OpenAPI 3.1 document.",
    answer: z.record(z.string(), z.unknown()),
    handle: () => openApiDocument(all(), version),
  });
}

function page(all: () => readonly Route[], version: string): Route {
  return route({
    method: "GET",
    path: "/api/docs",
    tag: "docs",
    summary: "This API as a page for people.",
    answer: null,
    handle({ reply }) {
      const intro = `<h1>Tidegate API</h1><p>Version ${escapeHtml(version)}. For programs: <a href="/api/openapi.json">/api/openapi.json</a>.</p>`;
      const example = `<pre>curl -H "Authorization: Bearer $(cat .tidegate/admin-token)" http://127.0.0.1:8090/api/v1/topics</pre>`;
      return sendPage(reply, "Tidegate API", intro + example + all().map(section).join(""));
    },
  });
}

function section(described: Route): string {
  const { method, path, summary, open, params, query, body } = described;
  const heading = `<h2><code>${method} ${escapeHtml(path)}</code></h2><p>${escapeHtml(summary)}${open === true ? " <em>Open.</em>" : needs(described)}</p>`;
  return heading + fields("Path", params) + fields("Query", query) + fields("Body", body);
}

function needs(described: Route): string {
  const scope = scopeName(described);
  return scope === null ? "" : ` <em>Scope <code>${scope}</code>.</em>`;
}

function fields(title: string, schema: z.ZodType | undefined): string {
  if (schema === undefined) return "";
  const json = z.toJSONSchema(schema, { io: "input" });
  const rows = (json.anyOf ?? [json]).flatMap((shape) =>
    Object.entries(shape.properties ?? {}).map((entry) => row(entry, shape.required ?? [])),
  );
  return `<table><tr><th>${title}</th><th></th><th></th></tr>${rows.join("")}</table>`;
}

function row([name, value]: [string, unknown], required: readonly string[]): string {
  const {
    type,
    description,
    enum: words,
    default: fallback,
  } = value as { type?: string; description?: string; enum?: string[]; default?: unknown };
  const kind = words?.join(" | ") ?? type ?? "any JSON";
  const notes = [
    required.includes(name) ? "required" : "",
    fallback === undefined ? "" : `default ${JSON.stringify(fallback)}`,
    description ?? "",
  ];
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(kind)}</td><td>${escapeHtml(notes.filter(Boolean).join("; "))}</td></tr>`;
}
