/** Everything that is stored as one file, and back. */
import type { Gateway } from "@tidegate/gateway";
import { z } from "zod";
import { demandAll } from "../auth/scopes.ts";
import * as schemas from "./config-schemas.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function transferRoutes({ transfer }: Pick<Gateway, "transfer">): readonly Route[] {
  return [exportAll(transfer), importAll(transfer)];
}

// Private

const PATH = "/api/v1/config";
const tag = "config";
/** Bytes; some ten thousand services. Parsing a file of this size holds up everybody else for a few hundred milliseconds. */
const LARGEST_FILE = 32 * 1024 * 1024;

function exportAll(transfer: Gateway["transfer"]): Route {
  return route({
    method: "GET",
    path: `${PATH}/export`,
    tag,
    scope: { resource: "config", level: "admin" },
    summary: "Everything that is stored as one file; secrets stay encrypted, tokens are hashes.",
    answer: schemas.exported,
    async handle({ reply }) {
      reply.header("content-disposition", 'attachment; filename="tidegate-export.json"');
      return { ...(await transfer.export()) };
    },
  });
}

function importAll(transfer: Gateway["transfer"]): Route {
  return route({
    method: "POST",
    path: `${PATH}/import`,
    tag,
    scope: { resource: "config", level: "admin" },
    largestBody: LARGEST_FILE,
    summary: "Bring in an export. Needs all scopes, as it may bring in tokens of any.",
    query: schemas.importQuery,
    body: z.unknown().refine((file) => file !== undefined, "send the file of an export"),
    answer: schemas.imported,
    async handle({ query, body, identity }) {
      if (identity !== null) demandAll(identity, ["*"], "An import");
      return await transfer.import(body, identity?.subject ?? "unknown", { dryRun: query.dry_run, replace: query.replace });
    },
  });
}
