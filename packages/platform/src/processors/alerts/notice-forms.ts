/** One notification as a webhook, Slack and a mailbox want it. Pure. */
import { createHmac } from "node:crypto";
import type { AlertNotification, Severity } from "../../contract.ts";

/** `X-Tidegate-Signature`; the receiver computes the same over the raw body and refuses an old time. */
export function signature(secret: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

/** https://docs.slack.dev/messaging/formatting-message-text and /block-kit; Mattermost and others read the same. */
export function slackBody({ event, alert }: AlertNotification): object {
  const title = titleOf({ event, alert });
  const lines = [
    `*${escapeSlack(title)}*`,
    escapeSlack(alert.summary),
    ...(alert.advice === null ? [] : [`_${escapeSlack(alert.advice)}_`]),
  ];
  const facts = factsOf({ event, alert }).map(([name, value]) => ({ type: "mrkdwn", text: `*${name}* ${escapeSlack(value)}` }));
  const blocks = [
    { type: "section", text: { type: "mrkdwn", text: lines.join("\n").slice(0, 2_900) } },
    { type: "context", elements: facts.slice(0, 10) },
  ];
  return { text: escapeSlack(title), attachments: [{ color: event === "alert_resolved" ? GREEN : COLOURS[alert.severity], blocks }] };
}

export function mailOf(notification: Pick<AlertNotification, "event" | "alert">): { subject: string; text: string; html: string } {
  const { alert } = notification;
  const facts = factsOf(notification);
  const title = titleOf(notification);
  const text = [
    alert.summary,
    "",
    ...facts.map(([name, value]) => `${name.padEnd(9)} ${value}`),
    ...(alert.advice === null ? [] : ["", alert.advice]),
  ];
  const rows = facts.map(([name, value]) => `<tr><td style="padding-right:1em;color:#666">${name}</td><td>${escapeHtml(value)}</td></tr>`);
  const advice = alert.advice === null ? "" : `<p>${escapeHtml(alert.advice)}</p>`;
  const html = `<h2 style="font:600 18px sans-serif">${escapeHtml(title)}</h2><div style="font:14px/1.5 sans-serif"><p>${escapeHtml(alert.summary)}</p><table>${rows.join("")}</table>${advice}</div>`;
  return { subject: oneLine(title).slice(0, 200), text: `${text.join("\n")}\n`, html };
}

// Private

const GREEN = "#2e9e5b";
const COLOURS: Readonly<Record<Severity, string>> = { low: "#7a8699", medium: "#d9a400", high: "#e0701a", critical: "#d23b3b" };

function titleOf({ event, alert }: Pick<AlertNotification, "event" | "alert">): string {
  const subject = alert.subject === "*" || alert.subject === "" ? "" : `: ${alert.subject}`;
  const what = `${alert.name}${subject}`;
  if (event === "test") return `Test: ${what}`;
  return event === "alert_resolved" ? `Resolved: ${what}` : `${alert.severity.toUpperCase()}: ${what}`;
}

function factsOf({ alert }: Pick<AlertNotification, "event" | "alert">): [string, string][] {
  const facts: [string, string][] = [
    ["severity", alert.severity],
    ["rule", alert.rule],
  ];
  if (alert.fired_at !== null) facts.push(["fired", new Date(alert.fired_at).toISOString()]);
  if (alert.resolved_at !== null)
    facts.push(["resolved", `${new Date(alert.resolved_at).toISOString()}${alert.reason === null ? "" : `, ${alert.reason}`}`]);
  if (alert.trace !== null) facts.push(["trace", alert.trace]);
  return facts;
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}

function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function escapeHtml(text: string): string {
  return escapeSlack(text).replaceAll('"', "&quot;");
}
