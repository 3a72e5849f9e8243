/** What one transition writes, and the one script that writes it. */
import { defineScript, newMessageId, type Store } from "@tidegate/streams";
import type { Alert, AlertNotification } from "../../contract.ts";
import type { Leader } from "../../orchestrator/leader.ts";
import type { PlatformKeys } from "../../redis/keys.ts";
import type { AlertKeys } from "./alert-keys.ts";
import type { StoredAlert } from "./state.ts";

const TRANSITION = defineScript(new URL("./transition.lua", import.meta.url));

export const NOTIFICATIONS = "alert_notifications";
/** What is shown as the writer of our events. */
const COMPONENT = "alert_manager";
const HISTORY_ENTRIES = 10_000;
const HISTORY_AGE = 30 * 86_400_000;
const EVENTS_KEPT = 100_000;

/** The data of a message of `alert_notifications`. */
export interface NotificationMessage {
  readonly destination: string;
  readonly notification: AlertNotification;
}

export interface Transition {
  readonly id: string;
  /** Its JSON as it was read; "" for none. */
  readonly before: string;
  readonly after: StoredAlert | null;
  readonly event: "alert_firing" | "alert_resolved" | null;
  /** As people see it; null where there is only a window to forget. */
  readonly alert: Alert | null;
  /** The acknowledgement goes with it. */
  readonly forgetAck: boolean;
  /** The window that is done with, unless it has changed since. */
  readonly window: { readonly key: string; readonly subject: string; readonly text: string } | null;
  readonly tell: { readonly destinations: readonly string[]; readonly event: "alert_firing" | "alert_resolved" } | null;
  readonly now: number;
}

export interface TransitionDeps {
  readonly store: Store;
  readonly keys: PlatformKeys;
  readonly alertKeys: AlertKeys;
  readonly leader: Pick<Leader, "key" | "instance" | "fence">;
}

/** False: refused, and to be looked at again. */
export async function apply(deps: TransitionDeps, transition: Transition): Promise<boolean> {
  const { store, leader } = deps;
  const { id, before, after, event, alert, forgetAck, window, now } = transition;
  const args = [
    leader.instance,
    String(leader.fence),
    id,
    before,
    after === null ? "" : JSON.stringify(after),
    forgetAck ? "1" : "0",
    event === null || alert === null ? "" : JSON.stringify(eventFields(event, alert, now)),
    event === null || alert === null ? "" : JSON.stringify(["event", event, "rule", alert.rule, "alert", JSON.stringify(alert)]),
    String(HISTORY_ENTRIES),
    String(now - HISTORY_AGE),
    window?.subject ?? "",
    window?.text ?? "",
    String(EVENTS_KEPT),
    ...messages(transition).map((fields) => JSON.stringify(fields)),
  ];
  return (await store.run(TRANSITION, keysOf(deps, window?.key), args)) === 1;
}

// Private

function keysOf({ keys, alertKeys, leader }: TransitionDeps, windowKey: string | undefined): string[] {
  return [
    leader.key,
    alertKeys.active(),
    alertKeys.acks(),
    keys.stream("events", "alert"),
    keys.stream("events", "all"),
    alertKeys.history(),
    `${keys.namespace}:${NOTIFICATIONS}:events`,
    windowKey ?? alertKeys.active(),
  ];
}

/** The form of the library's `record.ts`. */
function eventFields(type: "alert_firing" | "alert_resolved", alert: Alert, now: number): string[] {
  const { id, rule, severity, subject, summary, value, fired_at: firedAt, trace } = alert;
  const more = type === "alert_firing" ? (value === null ? {} : { value }) : { duration_s: Math.round((now - (firedAt ?? now)) / 1000) };
  const data = JSON.stringify({ source: "tidegate", alert: id, rule, severity, subject, summary, ...more });
  const head = ["event_type", type, "component", COMPONENT, ...(trace === null ? [] : ["trace_id", trace])];
  return [...head, "timestamp", String(now), "data", data];
}

/** One message for each destination, so that a broken one does not hold up the others. The form of the library's `encode.ts`. */
function messages({ tell, alert, now }: Transition): string[][] {
  if (tell === null || alert === null) return [];
  return tell.destinations.map((destination) => {
    const delivery = newMessageId();
    const notification: AlertNotification = { delivery, event: tell.event, at: now, alert };
    const data: NotificationMessage = { destination, notification };
    const fields = ["event_type", notification.event, "service", COMPONENT, "data", JSON.stringify(data), "message_id", delivery];
    const parent = traceparent(alert.trace);
    return parent === null ? fields : [...fields, "traceparent", parent];
  });
}

/** The delivery shows up in the trace that caused the alert. */
function traceparent(trace: string | null): string | null {
  const span = newMessageId().replaceAll("-", "").slice(-16);
  return trace !== null && /^(?!0{32})[\da-f]{32}$/.test(trace) ? `00-${trace}-${span}-01` : null;
}
