/** "Is anything wrong?" in one list, worst first. Pure: judged from one update and the samples before it. */
import type { Alert, GroupInfo, LiveUpdate, ServiceAnswer } from "tidegate/contract";
import { count, duration, plural } from "../format.ts";
import { groupsOf, type Sample } from "./samples.ts";

export interface Problem {
  level: "bad" | "warn";
  title: string;
  detail: string;
  href: string;
}

/** Below this a lag is the normal breathing of a busy group. */
const smallestLag = 100;
const lagWindow = 30_000;
const stuckAfter = 60_000;

export function problemsOf(
  update: LiveUpdate,
  samples: readonly Sample[],
  alerts: readonly Alert[],
  services: readonly ServiceAnswer[] = [],
): Problem[] {
  const found = [
    ...firing(alerts),
    ...services.flatMap(failed),
    ...deadLetters(update),
    ...redis(update),
    ...components(update),
    ...groupsOf(update).flatMap((group) => lagging(group, samples)),
  ];
  return found.sort((a, b) => Number(a.level === "warn") - Number(b.level === "warn"));
}

/** One for each rule. Acknowledged and muted ones are known; they stay on the screen of alerts. */
function firing(alerts: readonly Alert[]): Problem[] {
  const open = alerts.filter((a) => a.state === "firing" && a.acknowledged === null && a.muted_until === null);
  return [...Map.groupBy(open, (a) => a.rule).values()].flatMap(together);
}

function together([first, ...others]: readonly Alert[]): Problem[] {
  if (first === undefined) return [];
  const all = [first, ...others];
  const level = all.some((a) => a.severity === "critical" || a.severity === "high") ? "bad" : "warn";
  const one = first.subject === "" || first.subject === "*" ? first.name : `${first.name}: ${first.subject}`;
  const several = { title: `${first.name}: ${all.length} firing`, detail: `${all.map((a) => a.subject).join(", ")}.` };
  return [{ level, href: "/alerts", ...(others.length === 0 ? { title: one, detail: first.summary } : several) }];
}

function deadLetters(update: LiveUpdate): Problem[] {
  const n = update.dead_letter.length;
  if (n === 0) return [];
  return [
    {
      level: "bad",
      title: plural(n, "dead letter"),
      detail: "Messages that failed every attempt. Look at the error, then replay or discard them.",
      href: "/dead-letters",
    },
  ];
}

function failed({ service_name: name, status, failure }: ServiceAnswer): Problem[] {
  if (status !== "failed") return [];
  const detail = failure?.message ?? "Its container ended by itself and stays down.";
  return [{ level: "bad", title: `Service ${name} failed`, detail, href: `/services/${encodeURIComponent(name)}` }];
}

function components(update: LiveUpdate): Problem[] {
  const sick = update.components.filter((c) => c.state === "unhealthy" || c.state === "failed");
  return sick.map((c) => ({
    level: "bad",
    title: `${c.name} is ${c.state}`,
    detail: c.detail ?? "No detail was given.",
    href: "/status",
  }));
}

function redis(update: LiveUpdate): Problem[] {
  const { memory, persistence } = update.metrics;
  const found: Problem[] = [];
  if (memory.maxmemory > 0 && memory.used_memory > memory.maxmemory * 0.85) {
    const share = Math.round((memory.used_memory / memory.maxmemory) * 100);
    found.push({
      level: "warn",
      title: `Redis memory at ${share} %`,
      detail: "At 100 % Redis refuses new messages. Raise maxmemory or keep fewer entries.",
      href: "/redis",
    });
  }
  if (!persistence.last_write_ok)
    found.push({ level: "bad", title: "Redis cannot write to disk", detail: "Check the free space of the data folder.", href: "/redis" });
  return found;
}

function lagging(group: GroupInfo, samples: readonly Sample[]): Problem[] {
  const href = `/groups/${encodeURIComponent(group.topic)}/${encodeURIComponent(group.group)}`;
  const found: Problem[] = [];
  const before = lagBefore(group, samples);
  if (group.lag >= smallestLag && before !== null && group.lag > before * 1.1) {
    const rest = group.consumers.length === 0 ? "no consumer is running" : `it has ${plural(group.consumers.length, "consumer")}`;
    found.push({
      level: "warn",
      title: `${group.group} is falling behind`,
      detail: `${count(group.lag)} messages of ${group.topic} wait, ${count(before)} half a minute ago; ${rest}.`,
      href,
    });
  }
  if (group.oldestPendingIdle !== null && group.oldestPendingIdle > stuckAfter) {
    found.push({
      level: "warn",
      title: `${group.group} holds a message without a sign of life`,
      detail: `Delivered ${duration(group.oldestPendingIdle)} ago on ${group.topic} and not answered.`,
      href,
    });
  }
  return found;
}

function lagBefore(group: GroupInfo, samples: readonly Sample[]): number | null {
  const last = samples.at(-1);
  if (!last) return null;
  const then = samples.findLast((s) => s.at <= last.at - lagWindow);
  return then?.groups[`${group.topic}/${group.group}`] ?? null;
}
