/** Pending and firing alerts, the worst first, with what can be done about each. */
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { Alert, AlertRule, AlertRulesAnswer, AlertsAnswer, MuteRequest, Severity } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, queryOf, useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago, dateTime } from "../../format.ts";
import { feed } from "../../live/feed.ts";
import { Sign } from "../../parts/icons.tsx";
import { Pill } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { causeOf, severityTones } from "./alert-words.ts";

const rank: Record<Severity, number> = { critical: 0, high: 1, medium: 2, low: 3 };

export function ActiveAlerts(): JSX.Element {
  const active = useResource<AlertsAnswer>("/api/v1/alerts");
  const rules = useResource<AlertRulesAnswer>("/api/v1/alerts/rules").data?.items ?? [];
  // The live feed says when one changes; a value that moves is no change.
  const live = feed.alerts.value.map((a) => [a.id, a.state, a.acknowledged?.at, a.muted_until].join(" ")).join(",");
  useEffect(() => active.reload(), [live]);
  if (active.problem) return <ProblemBox problem={active.problem} retry={active.reload} />;
  if (!active.data) return <Loading />;
  const alerts = active.data.items.toSorted((a, b) => order(a) - order(b) || a.since - b.since);
  if (alerts.length === 0)
    return (
      <Empty title="No alert is active" command="npx tidegate alert rules">
        Rules judge metrics, events and logs all the time; what they find shows up here and goes to the destinations.
      </Empty>
    );
  return (
    <ul class="alerts">
      {alerts.map((alert) => (
        <Item key={alert.id} alert={alert} rule={rules.find((r) => r.id === alert.rule)} changed={active.reload} />
      ))}
    </ul>
  );
}

function order(alert: Alert): number {
  return (alert.state === "firing" ? 0 : 10) + (rank[alert.severity] ?? 4);
}

interface ItemProps {
  alert: Alert;
  rule: AlertRule | undefined;
  changed: () => void;
}

function Item({ alert, rule, changed }: ItemProps): JSX.Element {
  const cause = causeOf(alert, rule);
  const muted = alert.muted_until !== null && alert.muted_until > now.value;
  return (
    <li class={`panel ${alert.severity} ${alert.state}`}>
      <div class="what">
        <h2>
          {alert.name} <Pill tone={severityTones[alert.severity] ?? "quiet"}>{alert.severity}</Pill>{" "}
          <Pill tone={alert.state === "firing" ? "bad" : "warn"}>{alert.state}</Pill>
        </h2>
        <p>{alert.summary}</p>
        {alert.advice !== null && <p class="faint">{alert.advice}</p>}
        <p class="faint">
          {alert.subject !== "" && (
            <>
              <code>{alert.subject}</code> ·{" "}
            </>
          )}
          <span title={dateTime(alert.since)}>since {ago(alert.since, now.value)}</span>
          {alert.acknowledged && ` · acknowledged by ${alert.acknowledged.by} ${ago(alert.acknowledged.at, now.value)}`}
          {muted && ` · muted until ${dateTime(alert.muted_until ?? 0).slice(0, -7)}`}
        </p>
      </div>
      <div class="actions">
        {cause && (
          <a class="button" href={cause.href}>
            {cause.label}
          </a>
        )}
        {alert.trace !== null && (
          <a class="button" href={`/traces/${encodeURIComponent(alert.trace)}`}>
            Trace
          </a>
        )}
        <AckButton alert={alert} changed={changed} />
        <MuteChoice alert={alert} muted={muted} changed={changed} />
      </div>
    </li>
  );
}

function AckButton({ alert, changed }: { alert: Alert; changed: () => void }): JSX.Element | null {
  if (alert.state !== "firing") return null;
  const path = `/api/v1/alerts/${encodeURIComponent(alert.id)}/ack`;
  const done = alert.acknowledged !== null;
  return (
    <button type="button" class="button" onClick={() => void act(() => api(done ? "DELETE" : "POST", path), changed)}>
      <Sign name="check" /> {done ? "Take back" : "Acknowledge"}
    </button>
  );
}

const spans = [
  { minutes: 15, label: "15 minutes" },
  { minutes: 60, label: "1 hour" },
  { minutes: 480, label: "8 hours" },
  { minutes: 1440, label: "1 day" },
] as const;

function MuteChoice({ alert, muted, changed }: { alert: Alert; muted: boolean; changed: () => void }): JSX.Element {
  const { rule, subject } = alert;
  const where = subject === "" ? { rule } : { rule, subject };
  const mute = (minutes: number) => act(() => api("POST", "/api/v1/alerts/mute", { ...where, minutes } satisfies MuteRequest), changed);
  if (muted)
    return (
      <button type="button" class="button" onClick={() => void act(() => unmute(where), changed)}>
        Unmute
      </button>
    );
  return (
    <select
      class="button"
      aria-label={`Mute ${alert.name}`}
      value=""
      onChange={(event) => {
        const minutes = Number(event.currentTarget.value);
        event.currentTarget.value = "";
        if (minutes > 0) void mute(minutes);
      }}
    >
      <option value="">Mute…</option>
      {spans.map(({ minutes, label }) => (
        <option key={minutes} value={minutes}>
          for {label}
        </option>
      ))}
    </select>
  );
}

/** Where the subject has no mute of its own, it is its rule that is muted. */
async function unmute(where: { rule: string; subject?: string }): Promise<void> {
  const { unmuted } = await api<{ unmuted: boolean }>("DELETE", `/api/v1/alerts/mute${queryOf({ ...where })}`);
  if (!unmuted) await api("DELETE", `/api/v1/alerts/mute${queryOf({ rule: where.rule })}`);
}
