/** Alerts: what fires, what fired, acknowledging and muting. Rules and destinations have files of their own. */
import { z } from "zod";
import type { Observation } from "../processors/compose.ts";
import { alertDestinationRoutes } from "./alert-destinations.ts";
import { alertRuleRoutes } from "./alert-rules.ts";
import { alert, alertsAnswer, muted, muteRequest, overview, unmuted } from "./alert-schemas.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function alertRoutes(observation: Observation): readonly Route[] {
  return [
    active(observation),
    history(observation),
    earlier(observation),
    one(observation),
    acknowledge(observation),
    takeBack(observation),
    mute(observation),
    unmute(observation),
    ...alertRuleRoutes(observation),
    ...alertDestinationRoutes(observation),
  ];
}

// Private

const PATH = "/api/v1/alerts";
const tag = "alerts";
const named = z.object({ id: z.string().min(1).max(300).describe("`<rule>:<subject>`, percent-encoded.") });

function active(observation: Observation): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "Pending and firing alerts, the most severe first.",
    query: z.object({ state: z.exactOptional(z.enum(["pending", "firing"])) }),
    answer: alertsAnswer,
    async handle({ query: { state } }) {
      const alerts = await observation.alerts.table.active();
      return { items: alerts.filter((found) => state === undefined || found.state === state), next: null };
    },
  });
}

function history(observation: Observation): Route {
  return route({
    method: "GET",
    path: `${PATH}/history`,
    tag,
    summary: "Alerts as they were when they fired and when they resolved, newest first; kept for 30 days, at most 10,000.",
    query: z.object({
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      cursor: z.exactOptional(z.string().regex(/^\d{1,16}-\d{1,20}$/, "must be a `next` of an earlier page")),
      rule: z.exactOptional(z.string().max(64)),
    }),
    answer: alertsAnswer,
    handle: ({ query }) => observation.alerts.table.history(query),
  });
}

function earlier(observation: Observation): Route {
  return route({
    method: "GET",
    path: "/api/v1/orchestrator/alerts",
    tag,
    summary: "What is active, the last fifty of the history, and how many fire by severity.",
    answer: overview,
    handle: () => observation.alerts.overview(),
  });
}

function one(observation: Observation): Route {
  return route({
    method: "GET",
    path: `${PATH}/{id}`,
    tag,
    summary: "One alert, or as it last was.",
    params: named,
    answer: alert,
    handle: ({ params }) => observation.alerts.table.get(params.id),
  });
}

function acknowledge(observation: Observation): Route {
  return route({
    method: "POST",
    path: `${PATH}/{id}/ack`,
    tag,
    summary: "Somebody looks after it: it notifies no more, unless it becomes more severe.",
    params: named,
    answer: alert,
    handle: ({ params, identity }) => observation.alerts.table.acknowledge(params.id, identity?.subject ?? "unknown"),
  });
}

function takeBack(observation: Observation): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{id}/ack`,
    tag,
    summary: "Take an acknowledgement back.",
    params: named,
    answer: alert,
    handle: ({ params }) => observation.alerts.table.acknowledge(params.id, null),
  });
}

function mute(observation: Observation): Route {
  return route({
    method: "POST",
    path: `${PATH}/mute`,
    tag,
    summary: "Keep a rule, or one subject of it, from notifying for a while. What still fires then is told then.",
    body: muteRequest,
    answer: muted,
    handle: ({ body: { rule, subject, minutes } }) => observation.alerts.mute(rule, subject, minutes),
  });
}

function unmute(observation: Observation): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/mute`,
    tag,
    summary: "End a mute.",
    query: z.object({ rule: z.string().min(1).max(64), subject: z.exactOptional(z.string().max(200)) }),
    answer: unmuted,
    handle: async ({ query: { rule, subject } }) => ({ unmuted: await observation.alerts.table.unmute(rule, subject) }),
  });
}
