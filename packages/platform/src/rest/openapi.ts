/** The OpenAPI 3.1 document, made from the same rows the routes are registered from. */
import { z } from "zod";
import { scopeName } from "./route-scope.ts";
import type { Route } from "./route.ts";
import { named, problem } from "./schemas.ts";

type Json = Record<string, unknown>;

export function openApiDocument(routes: readonly Route[], version: string): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const paths: Record<string, Json> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, registry) };
  return {
    openapi: "3.1.0",
    info: {
      title: "Tidegate",
      version,
      description: "Control API. Times are unix milliseconds. Errors are problem details (RFC 9457) with a stable code.",
    },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: { schemas: componentSchemas(registry), securitySchemes: SECURITY },
  };
}

// Private

type Registry = ReturnType<typeof z.registry<{ id: string }>>;

const COMPONENTS = "#/components/schemas/";

const SECURITY = {
  token: { type: "http", scheme: "bearer", description: "The admin token, or one with the scope that the operation names: tg_…" },
  session: { type: "apiKey", in: "cookie", name: "tidegate_session_<port>", description: "Set by POST /api/v1/session/login." },
};

function operation(route: Route, registry: Registry): Json {
  return {
    summary: route.summary,
    tags: [route.tag],
    operationId: operationId(route),
    ...security(route),
    parameters: [...parameters(route.params, "path"), ...parameters(route.query, "query")],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: { "application/json": { schema: inline(route.body, registry) } },
          },
        }),
    responses: {
      [String(route.status ?? 200)]: goodAnswer(route, registry),
      default: { description: "What went wrong.", content: { "application/problem+json": { schema: inline(problem, registry) } } },
    },
  };
}

/** OpenAPI 3.1, security requirement object: names of what is needed, also where it is no OAuth. */
function security(route: Route): Json {
  const scope = scopeName(route);
  if (route.open === true) return { security: [] };
  return scope === null ? {} : { security: [{ token: [scope] }, { session: [scope] }] };
}

function goodAnswer(route: Route, registry: Registry): Json {
  if (route.answer === null) return { description: "Done." };
  return { description: "Done.", content: { "application/json": { schema: inline(route.answer, registry) } } };
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[/{}_.-]+/).filter((word) => word !== "" && word !== "api" && word !== "v1");
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function parameters(schema: z.ZodType | undefined, where: "path" | "query"): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, value]) => {
    const { description, ...rest } = value as Json;
    return {
      name,
      in: where,
      required: where === "path" || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** Named schemas become references, the rest is written out. As input, so that a client tolerates fields we add later. */
function inline(schema: z.ZodType, registry: Registry): Json {
  const json = withoutIdentity(z.toJSONSchema(schema, { io: "input", metadata: registry }));
  return JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', `"${COMPONENTS}`)) as Json;
}

function componentSchemas(registry: Registry): Json {
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri: (id) => COMPONENTS + id });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutIdentity(schema)]));
}

/** What a schema document of its own carries, but a part of an OpenAPI document does not. */
function withoutIdentity(schema: object): Json {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !["$schema", "$id", "$defs"].includes(key)));
}
