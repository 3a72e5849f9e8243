/** What a destination must look like, and what of it may be shown. Pure. */
import { z } from "zod";
import { Refusal } from "../../auth/refusal.ts";
import { SEVERITIES, type AlertDestination } from "../../contract.ts";

/** Stands where a secret is kept. */
const HIDDEN = "***";

const http = z.url({ protocol: /^https?$/, error: "must be an http: or https: URL" }).max(2_000);
const address = z.email("must be an e-mail address").max(320);
const common = {
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "must be up to 64 of a-z 0-9 _ - beginning with a letter or digit"),
  enabled: z.boolean().default(true),
  min_severity: z.enum(SEVERITIES).default("low"),
  allow_private: z.exactOptional(z.boolean().describe("Allow addresses of this machine and of private networks.")),
};

export const destinationFields = {
  webhook: {
    ...common,
    kind: z.literal("webhook"),
    url: http,
    secret: z.exactOptional(z.string().max(500).describe("Signs what is sent. Never shown; left out of a change it stays, empty it goes.")),
  },
  slack: { ...common, kind: z.literal("slack"), url: http },
  email: {
    ...common,
    kind: z.literal("email"),
    to: z.array(address).min(1).max(50),
    from: address,
    smtp: z
      .url({ protocol: /^smtps?$/, error: "must be smtp://[user:password@]host[:port] or smtps://…" })
      .max(2_000)
      .describe(
        "smtps: is TLS from the start. Of smtp: user and password are sent only after STARTTLS, unless the address is a private one.",
      ),
  },
};

export const destinationForm: z.ZodType<AlertDestination> = z.discriminatedUnion("kind", [
  z.strictObject(destinationFields.webhook),
  z.strictObject(destinationFields.slack),
  z.strictObject(destinationFields.email),
]);

/** Without anything secret: many services put their token into the path of the URL. */
export function shownDestination(destination: AlertDestination): AlertDestination {
  if (destination.kind === "email") return { ...destination, smtp: shownSmtp(destination.smtp) };
  const url = shownUrl(destination.url);
  if (destination.kind === "slack") return { ...destination, url };
  return { ...destination, url, ...(destination.secret === undefined ? {} : { secret: HIDDEN }) };
}

/** What was sent back as it is shown means what is stored. */
export function withSecretsOf(before: AlertDestination, given: AlertDestination): AlertDestination {
  const shown = shownDestination(before);
  if (given.kind === "email")
    return before.kind === "email" && shown.kind === "email" && given.smtp === shown.smtp ? { ...given, smtp: before.smtp } : given;
  const url = before.kind !== "email" && shown.kind !== "email" && given.url === shown.url ? before.url : given.url;
  if (given.kind === "slack") return { ...given, url };
  const { secret: _, ...rest } = given;
  const kept = before.kind === "webhook" ? before.secret : undefined;
  const secret = given.secret === undefined || given.secret === HIDDEN ? kept : given.secret;
  return { ...rest, url, ...(secret === undefined || secret === "" ? {} : { secret }) };
}

/** Somebody changed a part of what was shown and left the hidden part in. */
export function refuseHidden(given: AlertDestination): AlertDestination {
  const text = given.kind === "email" ? given.smtp : given.url;
  if (!text.includes(HIDDEN) && !text.endsWith("/…") && !text.endsWith(encodeURI("/…"))) return given;
  throw new Refusal(400, "INVALID_ALERT_DESTINATION", `Destination ${given.id}: its address still has the hidden part in it.`, {
    hint: "Write the address in full when you change it.",
  });
}

// Private

function shownUrl(text: string): string {
  const url = new URL(text);
  return url.pathname === "/" && url.search === "" ? `${url.origin}/` : `${url.origin}/…`;
}

function shownSmtp(text: string): string {
  const url = new URL(text);
  if (url.password !== "") url.password = HIDDEN;
  url.search = "";
  return url.toString();
}
