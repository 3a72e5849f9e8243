/** `GET /api/v1/audit`: who did what, newest first, as it stands in the stream of audit entries. */
import { readRecord, type Reply, type Store, type Tide } from "@tidegate/streams";
import { z } from "zod";
import type { AuditAnswer, AuditEntry } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

const RESULTS = ["done", "denied", "failed"] as const;

const answer: z.ZodType<AuditAnswer> = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      at: z.number().describe("Unix milliseconds."),
      actor: z.string(),
      action: z.string(),
      resource: z.string(),
      result: z.enum(RESULTS),
      component: z.string(),
      trace: z.string().nullable(),
      fields: z.record(z.string(), z.unknown()),
    }),
  ),
  next: z.string().nullable(),
});

const query = z.object({
  actor: z.exactOptional(z.string()),
  action: z.exactOptional(z.string()),
  resource: z.exactOptional(z.string().describe("Its beginning.")),
  result: z.exactOptional(z.enum(RESULTS)),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.exactOptional(
    z
      .string()
      .regex(/^\d{1,15}-\d{1,15}$/)
      .describe("`next` of the page before."),
  ),
});
type Query = z.infer<typeof query>;

export function auditRoutes(tide: Tide, stream: string): readonly Route[] {
  let store: Store | undefined;
  return [
    route({
      method: "GET",
      path: "/api/v1/audit",
      tag: "audit",
      summary: "Who did what, newest first; also what was denied and what failed.",
      query,
      answer,
      handle: async ({ query: wanted }) => list((store ??= tide.store("audit")), stream, wanted),
    }),
  ];
}

// Private

const PAGE = 500;
/** Entries one answer looks at; what is rare goes on with `next`. */
const MOST_SCANNED = 20_000;

async function list(store: Store, stream: string, wanted: Query): Promise<AuditAnswer> {
  const items: AuditEntry[] = [];
  let end = wanted.cursor === undefined ? "+" : `(${wanted.cursor}`;
  for (let scanned = 0; scanned < MOST_SCANNED;) {
    const page = entriesOf(await store.ask(["XREVRANGE", stream, end, "-", "COUNT", String(PAGE)]));
    for (const entry of page) {
      if (items.length === wanted.limit) return { items, next: items.at(-1)?.id ?? null };
      if (matches(entry, wanted)) items.push(entry);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return { items, next: null };
    scanned += page.length;
    end = `(${last.id}`;
  }
  return { items, next: end.slice(1) };
}

function matches(entry: AuditEntry, wanted: Query): boolean {
  const same = (["actor", "action", "result"] as const).every((name) => wanted[name] === undefined || entry[name] === wanted[name]);
  return same && (wanted.resource === undefined || entry.resource.startsWith(wanted.resource));
}

function entriesOf(reply: Reply): AuditEntry[] {
  return (Array.isArray(reply) ? reply : []).flatMap((entry) => {
    if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [];
    const stored: Record<string, string> = {};
    for (let at = 0; at + 1 < entry[1].length; at += 2) stored[String(entry[1][at])] = String(entry[1][at + 1]);
    return [entryOf(String(entry[0]), stored)];
  });
}

function entryOf(id: string, stored: Readonly<Record<string, string>>): AuditEntry {
  const { at, component, traceId, fields } = readRecord(id, stored);
  const { actor, action, resource, result, ...rest } = fields;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const known = RESULTS.find((one) => one === result) ?? "failed";
  const [who, what, where] = [text(actor), text(action), text(resource)];
  return { id, at, actor: who, action: what, resource: where, result: known, component, trace: traceId, fields: rest };
}
