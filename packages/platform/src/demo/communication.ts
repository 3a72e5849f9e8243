/**
 * The communication service: turns findings into alerts and delivers notifications to the sink. An alert is a message of its
 * own, consumed here again, so that a delivery that has to be repeated never raises the alert twice.
 * Without SMTP nothing is mailed: `email_sent` is never published.
 */
import { setTimeout as wait } from "node:timers/promises";
import { Unrecoverable } from "@tidegate/streams";
import type { HandlerContext, Message } from "@tidegate/streams";
import { deliver } from "./delivery.ts";
import type { Notification } from "./delivery.ts";
import type { Duty, Member, Publish, Role } from "./member.ts";
import { fieldOf, numberOf, textOf } from "./payload.ts";
import type { Sink } from "./sink.ts";

const OUTAGE_AFTER = 10_000;
const OUTAGE_EVERY = 37_000;
const OUTAGE_LENGTH = 8_000;
const BROKEN_BY_DEFAULT = 60;
const BROKEN_AT_MOST = 3_600;

export function communicationRole(sink: Sink, pace: number): Role {
  const listensTo = ["ai", "automation", "network", "system"] as const;
  return { topic: "communication", listensTo, begin: (publish) => new Communication(publish, sink, pace) };
}

class Communication implements Member {
  readonly duties: readonly Duty[] = [
    { name: "sink outage", after: OUTAGE_AFTER, every: OUTAGE_EVERY, run: (signal) => this.#outage(signal) },
  ];
  readonly #publish: Publish;
  readonly #sink: Sink;
  readonly #pace: number;

  constructor(publish: Publish, sink: Sink, pace: number) {
    this.#publish = publish;
    this.#sink = sink;
    this.#pace = pace;
  }

  open(): Promise<void> {
    return this.#sink.open();
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  missing(): readonly string[] {
    return [this.#sink.isOpen ? `sink at ${this.#sink.url}` : "sink closed for a moment, on purpose", "email_sent skipped: no SMTP"];
  }

  async handle(message: Message, context: HandlerContext): Promise<void> {
    if (message.type === "sink_broken") return this.#breakSink(message);
    const alert = alertFrom(message);
    if (alert !== null) await this.#publish("alert_triggered", alert, { priority: "high" });
    const notification = notificationFrom(message);
    if (notification !== null) await this.#notify(notification, message, context);
  }

  async #notify(notification: Notification, about: Message, context: HandlerContext): Promise<void> {
    await deliver(this.#sink.url, notification, context.signal);
    const { kind, title } = notification;
    await this.#publish("notification_sent", { kind, title, about: about.messageId, attempt: context.attempt });
  }

  async #breakSink(message: Message): Promise<void> {
    const seconds = fieldOf(message.data, "seconds") === undefined ? BROKEN_BY_DEFAULT : numberOf(message.data, "seconds");
    if (seconds === undefined || seconds < 0 || seconds > BROKEN_AT_MOST) {
      throw new Unrecoverable(
        `sink_broken: "seconds" must be a number from 0 to ${BROKEN_AT_MOST}, found ${JSON.stringify(fieldOf(message.data, "seconds"))}.`,
        { code: "INVALID_SECONDS" },
      );
    }
    this.#sink.breakFor(seconds * 1_000);
    if (seconds > 0)
      await this.#publish(
        "alert_triggered",
        { source: "system", finding: { kind: "sink_broken", text: `the sink answers 503 for ${seconds} s, as asked` } },
        { priority: "high" },
      );
  }

  /** The sink's listener is really closed, so connections are refused. */
  async #outage(signal: AbortSignal): Promise<void> {
    await this.#sink.close();
    try {
      await wait(OUTAGE_LENGTH * this.#pace, undefined, { signal });
    } catch {
      return;
    }
    await this.#sink.open();
  }
}

// Private

function alertFrom({ type, data }: Message): unknown {
  if (type === "ai_analysis_completed" && textOf(data, "verdict") === "anomaly") return { source: "ai", finding: fieldOf(data, "finding") };
  if (type !== "system_alert" || textOf(data, "state") !== "raised") return null;
  const text = `${textOf(data, "series") ?? "a value"} is ${numberOf(data, "value") ?? "?"}, the limit is ${numberOf(data, "limit") ?? "?"}`;
  return { source: "system", finding: { kind: "limit_passed", series: fieldOf(data, "series"), text } };
}

function notificationFrom({ type, data }: Message): Notification | null {
  if (type === "alert_triggered") return { kind: "alert", title: textOf(fieldOf(data, "finding"), "text") ?? "alert", detail: data };
  if (type === "automation_failed") return failureNotice(data);
  if (type === "vulnerability_detected")
    return { kind: textOf(data, "kind") ?? "vulnerability", title: `open listener ${textOf(data, "address") ?? ""}`, detail: data };
  if (type === "ai_analysis_completed" && textOf(data, "verdict") === "summary")
    return { kind: "digest", title: "what is usual on this machine", detail: data };
  return null;
}

function failureNotice(data: unknown): Notification {
  const title = `job ${textOf(data, "job") ?? "?"} failed: ${textOf(data, "reason") ?? "no reason given"}`;
  return { kind: fieldOf(data, "drill") === true ? "timeout_drill" : "job_failed", title, detail: data };
}
