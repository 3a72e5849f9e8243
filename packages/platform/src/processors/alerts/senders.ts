/** Sends one notification to one destination, once. Errors say what the other side did, and never what is secret. */
import { createTransport } from "nodemailer";
import type { AlertDestination, AlertNotification } from "../../contract.ts";
import { messageOf } from "../../errors.ts";
import { checkedAddress, ForbiddenTarget, isForbidden, type Resolve } from "./address-guard.ts";
import { mailOf, signature, slackBody } from "./notice-forms.ts";
import { post, type PostAnswer } from "./post.ts";

export class NotDelivered extends Error {
  /** Trying again changes nothing. */
  readonly final: boolean;
  /** Milliseconds the other side asks to wait. */
  readonly wait: number | null;

  constructor(message: string, options: { final: boolean; wait?: number | null; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.final = options.final;
    this.wait = options.wait ?? null;
  }
}

/** Answers what the other side said; throws NotDelivered. */
export async function send(destination: AlertDestination, notification: AlertNotification, resolve?: Resolve): Promise<string> {
  try {
    return destination.kind === "email" ? await mail(destination, notification, resolve) : await hook(destination, notification, resolve);
  } catch (error) {
    if (error instanceof NotDelivered) throw error;
    if (error instanceof ForbiddenTarget) throw new NotDelivered(`${error.code}: ${error.message}`, { final: true, cause: error });
    throw new NotDelivered(withoutSecrets(destination, messageOf(error)), { final: isFinal(error), cause: error });
  }
}

// Private

type Hook = Extract<AlertDestination, { url: string }>;
type Mail = Extract<AlertDestination, { kind: "email" }>;

/** Milliseconds for each part of a conversation with a mail server. */
const MAIL_LIMIT = 10_000;

async function hook(destination: Hook, notification: AlertNotification, resolve?: Resolve): Promise<string> {
  const body = JSON.stringify(destination.kind === "slack" ? slackBody(notification) : notification);
  const secret = destination.kind === "webhook" ? destination.secret : undefined;
  const answer = await post({
    url: destination.url,
    allowPrivate: destination.allow_private === true,
    body,
    headers: {
      "Content-Type": "application/json",
      "User-Agent": "Tidegate",
      "X-Tidegate-Delivery": notification.delivery,
      ...(secret === undefined ? {} : { "X-Tidegate-Signature": signature(secret, body, Math.floor(Date.now() / 1000)) }),
    },
    ...(resolve === undefined ? {} : { resolve }),
  });
  if (answer.status >= 200 && answer.status < 300) return `answered ${answer.status}`;
  throw refused(destination, answer);
}

/** What may pass: 408, 425, 429 and everything from 500. A redirect is not followed: it could lead anywhere. */
function refused(destination: Hook, { status, text, retryAfter }: PostAnswer): NotDelivered {
  const later = status === 408 || status === 425 || status === 429 || status >= 500;
  const said = withoutSecrets(
    destination,
    text
      .replaceAll(/[\p{Cc}\s]+/gu, " ")
      .trim()
      .slice(0, 200),
  );
  const redirect = status >= 300 && status < 400 ? " (redirects are not followed)" : "";
  const seconds = Number(retryAfter ?? Number.NaN);
  const wait = seconds > 0 ? Math.min(seconds, 3_600) * 1000 : null;
  return new NotDelivered(`answered ${status}${redirect}${said === "" ? "" : `: ${said}`}`, { final: !later, wait });
}

async function mail(destination: Mail, notification: AlertNotification, resolve?: Resolve): Promise<string> {
  const url = new URL(destination.smtp);
  const { address } = await checkedAddress(url.hostname, destination.allow_private === true, resolve);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const secure = url.protocol === "smtps:";
  const auth = url.username === "" ? undefined : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  const transport = createTransport({
    // The name is for the certificate; the connection goes to the address that was checked.
    host: address,
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && auth !== undefined && !isForbidden(address),
    tls: { servername: host === address ? "" : host },
    ...(auth === undefined ? {} : { auth }),
    connectionTimeout: MAIL_LIMIT,
    greetingTimeout: MAIL_LIMIT,
    socketTimeout: MAIL_LIMIT,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const { delivery } = notification;
    const sent = await transport.sendMail({
      ...mailOf(notification),
      from: { name: "Tidegate", address: destination.from },
      to: destination.to,
      messageId: `<${delivery}@tidegate>`,
      headers: { "X-Tidegate-Delivery": delivery },
    });
    return `accepted: ${String(sent.response).slice(0, 200)}`;
  } finally {
    transport.close();
  }
}

/** A mail server's 5xx is for ever, unless it is about the credentials: those can be mended without sending anew. */
function isFinal(error: unknown): boolean {
  const code = (error as { responseCode?: unknown }).responseCode;
  return typeof code === "number" && code >= 500 && code !== 535 && code !== 530;
}

/** Neither the parts of the address that may be secret nor the credentials. */
function withoutSecrets(destination: AlertDestination, text: string): string {
  const url = new URL(destination.kind === "email" ? destination.smtp : destination.url);
  const path = url.pathname + url.search;
  const secret = destination.kind === "webhook" ? (destination.secret ?? "") : "";
  const hidden = [url.href, path, decodeURIComponent(url.password), url.password, secret].filter((part) => part.length > 3);
  return hidden.reduce((shown, part) => shown.replaceAll(part, "***"), text);
}
