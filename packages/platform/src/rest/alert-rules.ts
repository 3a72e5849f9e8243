/** Rules of alerts: list, make, change, switch, reset, try out. */
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import type { Observation } from "../processors/compose.ts";
import { alertRule, alertRuleForm, alertRules, previewAnswer } from "./alert-schemas.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function alertRuleRoutes(observation: Observation): readonly Route[] {
  return [
    list(observation),
    create(observation),
    preview(observation),
    get(observation),
    put(observation),
    remove(observation),
    act("enable", "Switch a rule on.", (id) => observation.alerts.rules.enable(id, true)),
    act("disable", "Switch a rule off; what it has firing is resolved.", (id) => observation.alerts.rules.enable(id, false)),
    act("reset", "Bring a shipped rule back to how it came.", (id) => observation.alerts.rules.reset(id)),
  ];
}

/** The path and the body name the same one. */
export function sameId<T extends { id: string }>(id: string, body: T): T {
  if (body.id === id) return body;
  throw new Refusal(400, "INVALID_REQUEST", `The path says ${JSON.stringify(id)}, the body ${JSON.stringify(body.id)}.`, {
    hint: "Ids do not change: make a new one and remove the old.",
  });
}

// Private

const PATH = "/api/v1/alerts/rules";
const tag = "alerts";
const named = z.object({ id: z.string().min(1).max(64) });

function list(observation: Observation): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All rules, shipped ones first.",
    answer: alertRules,
    handle: async () => ({ items: await observation.alerts.rules.list() }),
  });
}

function create(observation: Observation): Route {
  return route({
    method: "POST",
    path: PATH,
    tag,
    summary: "Make a rule. In force within a second.",
    status: 201,
    body: alertRuleForm,
    answer: alertRule,
    handle: ({ body }) => observation.alerts.rules.create(body),
  });
}

function preview(observation: Observation): Route {
  return route({
    method: "POST",
    path: `${PATH}/preview`,
    scope: { resource: "alerts", level: "read" },
    tag,
    summary: "What a rule would have done in the last 24 hours; nothing is kept.",
    body: alertRuleForm,
    answer: previewAnswer,
    handle: ({ body }) => observation.alerts.preview(body),
  });
}

function get(observation: Observation): Route {
  return route({
    method: "GET",
    path: `${PATH}/{id}`,
    tag,
    summary: "One rule.",
    params: named,
    answer: alertRule,
    handle: ({ params }) => observation.alerts.rules.get(params.id),
  });
}

function put(observation: Observation): Route {
  return route({
    method: "PUT",
    path: `${PATH}/{id}`,
    tag,
    summary: "Replace a rule, also a shipped one, or make it.",
    params: named,
    body: alertRuleForm,
    answer: alertRule,
    handle: ({ params, body }) => observation.alerts.rules.put(sameId(params.id, body)),
  });
}

function remove(observation: Observation): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{id}`,
    tag,
    summary: "Remove a rule that was made here; what it has firing is resolved.",
    params: named,
    status: 204,
    answer: null,
    async handle({ params, reply }) {
      await observation.alerts.rules.remove(params.id);
      return reply.send();
    },
  });
}

function act(verb: string, summary: string, change: (id: string) => ReturnType<Observation["alerts"]["rules"]["reset"]>): Route {
  return route({
    method: "POST",
    path: `${PATH}/{id}/${verb}`,
    tag,
    summary,
    params: named,
    answer: alertRule,
    handle: ({ params }) => change(params.id),
  });
}
