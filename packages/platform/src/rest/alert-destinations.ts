/** Where alerts are sent: webhook, Slack, e-mail. Secrets are written and never shown. */
import { z } from "zod";
import type { Observation } from "../processors/compose.ts";
import { sameId } from "./alert-rules.ts";
import { destination, destinationForm, destinations, testAnswer } from "./alert-schemas.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function alertDestinationRoutes(observation: Observation): readonly Route[] {
  return [list(observation), create(observation), put(observation), remove(observation), test(observation)];
}

// Private

const PATH = "/api/v1/alerts/destinations";
const tag = "alerts";
const named = z.object({ id: z.string().min(1).max(64) });

function list(observation: Observation): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All destinations with what became of the last notification. Of addresses only what is not secret.",
    answer: destinations,
    handle: async () => ({ items: await observation.alerts.destinations.list() }),
  });
}

function create(observation: Observation): Route {
  return route({
    method: "POST",
    path: PATH,
    tag,
    summary: "Add a destination. Addresses of this machine and of private networks need `allow_private`.",
    status: 201,
    body: destinationForm,
    answer: destination,
    handle: ({ body }) => observation.alerts.destinations.put(body, true),
  });
}

function put(observation: Observation): Route {
  return route({
    method: "PUT",
    path: `${PATH}/{id}`,
    tag,
    summary: "Replace a destination, or make it. What is sent back as it was shown keeps its secret part.",
    params: named,
    body: destinationForm,
    answer: destination,
    handle: ({ params, body }) => observation.alerts.destinations.put(sameId(params.id, body), false),
  });
}

function remove(observation: Observation): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{id}`,
    tag,
    summary: "Remove a destination; what still waits for it is not sent.",
    params: named,
    status: 204,
    answer: null,
    async handle({ params, reply }) {
      await observation.alerts.destinations.remove(params.id);
      return reply.send();
    },
  });
}

function test(observation: Observation): Route {
  return route({
    method: "POST",
    path: `${PATH}/{id}/test`,
    tag,
    summary: "Send one notification now and say what happened.",
    params: named,
    answer: testAnswer,
    handle: ({ params }) => observation.alerts.test(params.id),
  });
}
