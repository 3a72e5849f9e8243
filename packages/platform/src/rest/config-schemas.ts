/** Requests and answers of revisions, export and import. */
import { KINDS } from "@tidegate/gateway";
import { z } from "zod";
import type * as contract from "../contract.ts";

const kind = z.enum(KINDS);
const version = z.number().int().min(1);
const yes = z.stringbool({ truthy: ["true", "1", ""], falsy: ["false", "0"] }).default(false);

const revision: z.ZodType<contract.RevisionAnswer> = z.object({
  kind: z.string(),
  name: z.string(),
  version: z.number(),
  change: z.enum(["created", "updated", "deleted", "rolled_back", "imported"]),
  at: z.number().describe("Unix milliseconds."),
  by: z.string(),
  trace: z.string().nullable(),
  data: z.exactOptional(z.unknown().describe("As it was then, secrets as ***; null after a deletion.")),
});
export const revisions: z.ZodType<contract.RevisionsAnswer> = z.object({ items: z.array(revision), next: z.string().nullable() });
export const revisionsQuery = z.object({
  kind: z.exactOptional(kind.describe("Only of this kind.")),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.exactOptional(z.string().regex(/^\d{1,16}-\d{1,16}$/, "it is `next` of the page before")),
});
export const named = z.object({ kind, name: z.string().min(1).max(255) });
export const rollback = z.strictObject({ version: version.describe("Whose data it is to have again.") });
export const rolledBack: z.ZodType<contract.RollbackAnswer> = z.object({ kind: z.string(), name: z.string(), version: z.number() });

const names = z.array(z.string()).readonly();
export const importQuery = z.object({
  dry_run: yes.describe("Only say what would happen."),
  replace: yes.describe("Remove what the file does not have."),
});
export const imported: z.ZodType<contract.ConfigImportAnswer> = z.object({
  dry_run: z.boolean(),
  kinds: z.record(z.string(), z.object({ created: names, changed: names, same: names, removed: names })).readonly(),
  problems: z
    .array(z.object({ name: z.string(), code: z.string(), message: z.string() }))
    .readonly()
    .describe("Services that could not be begun; everything else was done."),
  warnings: names.describe("Sentences: what was brought in, but hardly as somebody wanted it, as a route that is never asked."),
});
export const exported = z.looseObject({ tidegate: z.literal("export"), version: z.literal(1) });
