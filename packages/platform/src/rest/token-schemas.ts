/** Requests and answers of the token routes. */
import { z } from "zod";
import { LEVELS, parseScopes } from "../auth/scopes.ts";
import { RESOURCES } from "../gateway-contract.ts";
import type * as contract from "../gateway-contract.ts";

const millis = z.number().describe("Unix milliseconds.");
export const scope: z.ZodType<contract.Scope> = z.union([z.literal("*"), z.templateLiteral([z.enum(RESOURCES), ":", z.enum(LEVELS)])]);
const counts = z.partialRecord(z.enum(RESOURCES), z.number());
/** Ten years. */
const LONGEST = 315_360_000;
/** A week. */
const LONGEST_GRACE = 604_800;

const fields = {
  name: z.string(),
  email: z.string().nullable(),
  scopes: z.array(scope).readonly(),
  created_at: millis,
  created_by: z.string().describe("Name of the token that made it."),
  expires_at: millis.nullable(),
  last_used_at: millis.nullable().describe("To the minute."),
  rotated_at: millis.nullable(),
  state: z.enum(["active", "expired", "revoking"]),
  hint: z.string().describe("First characters of the secret."),
  version: z.number(),
  owns: counts.describe("What it made and is still there."),
};

export const token: z.ZodType<contract.TokenAnswer> = z.object(fields);
export const newToken: z.ZodType<contract.NewTokenAnswer> = z.object({
  ...fields,
  token: z.string().describe("The secret. Shown here and nowhere else."),
});
export const tokens: z.ZodType<contract.TokensAnswer> = z.object({ items: z.array(token) });
export const revoked: z.ZodType<contract.RevokedAnswer> = z.object({
  name: z.string(),
  removed: counts.describe("What went with it."),
  passed: counts.describe("What belongs to `passed_to` now."),
  passed_to: z.string().nullable(),
  detail: z.string(),
});

const email = z.email("not an e-mail address").max(254).nullable().describe("Who answers for it; authorities of certificates get it.");
const settings = {
  email: z.exactOptional(email),
  scopes: z.exactOptional(
    z.array(z.string()).min(1).max(64).describe("`*`, or `<resource>:read|write|admin`; each contains the one before."),
  ),
  expires_at: z.exactOptional(millis.int().nullable()),
  expires_in: z.exactOptional(z.number().int().min(1).max(LONGEST).describe("Seconds from now, instead of `expires_at`.")),
};

export const name: z.ZodType<{ name: string }> = z.object({ name: z.string().min(1).max(255) });
export const ownEmail = z.strictObject({ email });
export const changes = z.strictObject(settings).refine(oneEnd, { message: "give expires_at or expires_in, not both" });
export const creation = z
  .strictObject({ name: z.string().min(1).max(255).describe("Up to 63 of a-z 0-9 _ . -"), ...settings })
  .refine(oneEnd, { message: "give expires_at or expires_in, not both" });
export const rotation = z
  .strictObject({
    grace: z.exactOptional(z.number().int().min(0).max(LONGEST_GRACE).describe("Seconds the secret before is good as well. Default 0.")),
  })
  .optional();

interface Wish {
  readonly email?: string | null;
  readonly scopes?: readonly string[];
  readonly expires_at?: number | null;
  readonly expires_in?: number;
}

/** As the tokens take it. UNKNOWN_SCOPE. */
export function formOf(
  { email: address, scopes, expires_at, expires_in }: Wish,
  now: number,
): {
  email?: string | null;
  scopes?: contract.Scope[];
  expires_at?: number | null;
} {
  const end = expires_in === undefined ? expires_at : now + expires_in * 1000;
  return {
    ...(address === undefined ? {} : { email: address }),
    ...(scopes === undefined ? {} : { scopes: parseScopes(scopes) }),
    ...(end === undefined ? {} : { expires_at: end }),
  };
}

// Private

function oneEnd({ expires_at, expires_in }: Wish): boolean {
  return expires_at === undefined || expires_in === undefined;
}
