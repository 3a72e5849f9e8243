/** Queries of logs as they come from outside. What is not understood is refused: a filter left out by mistake would show too much. */
import { LEVELS } from "@tidegate/streams";
import { z } from "zod";
import type { LogQuery } from "../../contract.ts";

const MOST_HOURS = 168;

const millis = z.coerce.number().int().min(0).max(9_999_999_999_999);
const word = z.string().min(1).max(2_000);
const status = z.coerce.number().int().min(100).max(599);
const hours = z.coerce.number().int().min(1).max(MOST_HOURS);
const level = z.enum(LEVELS);

const range = {
  hours: z.exactOptional(hours.describe("Look back so far; `from` and `to` win.")),
  from: z.exactOptional(millis.describe("Unix milliseconds, inclusive.")),
  to: z.exactOptional(millis.describe("Unix milliseconds, inclusive.")),
};

const filters = {
  ip: z.exactOptional(word),
  host: z.exactOptional(word),
  hostname: z.exactOptional(word.describe("The earlier name of `host`.")),
  client: z.exactOptional(word),
  user: z.exactOptional(word),
  status: z.exactOptional(z.string().regex(/^([1-5]\d\d|[1-5]xx)$/i, "must be a status such as 404, or a class such as 5xx")),
  status_min: z.exactOptional(status),
  status_max: z.exactOptional(status),
  method: z.exactOptional(word),
  path: z.exactOptional(word.describe("Exactly, or everything under it with a final `*`.")),
  level: z.exactOptional(level.describe("Least level.")),
  component: z.exactOptional(word),
  trace: z.exactOptional(word),
  event: z.exactOptional(word.describe("An event type, or its beginning.")),
  q: z.exactOptional(word.describe("Text anywhere in the entry, without regard to case.")),
};

const paging = {
  limit: z.exactOptional(z.coerce.number().int().min(1).max(1_000)),
  cursor: z.exactOptional(z.string().min(1).max(60).describe("`next` of the page before.")),
};

export const logQuery: z.ZodType<LogQuery> = z.strictObject({ ...range, ...filters, ...paging });

/** `include_warnings`: answers from 400 and entries of level `warn` too. */
export const errorsQuery = z.strictObject({ ...range, ...filters, ...paging, include_warnings: z.stringbool().default(false) });
/** What the live feed takes: time goes only forward there. */
export const feedQuery: z.ZodType<LogQuery> = z.strictObject(filters);
export const statsQuery = z.strictObject({ hours: hours.default(24) });
