/** Logs and events: search with its shorthands, counts over time, statistics, and what is logged at all. */
import type { Tide } from "@tidegate/streams";
import { z } from "zod";
import type { LogQuery } from "../contract.ts";
import type { Observation } from "../processors/compose.ts";
import { errorsQuery, logQuery, statsQuery } from "../processors/logs/log-query.ts";
import { histogramAnswer, logsAnswer, settingsAnswer, settingsRequest, statsAnswer } from "./log-schemas.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function logRoutes(tide: Tide, observation: Observation): readonly Route[] {
  return [
    search(observation),
    by(observation, "ip", "Entries of one address."),
    by(observation, "client", "Entries of one client: an API token or OAuth client."),
    by(observation, "host", "Entries of one host name."),
    errors(observation),
    events(observation),
    histogram(observation),
    stats(observation),
    getSettings(tide),
    changeSettings(tide),
  ];
}

// Private

const PATH = "/api/v1/logs";
const tag = "logs";

function search(observation: Observation): Route {
  return route({
    method: "GET",
    path: `${PATH}/search`,
    tag,
    summary: "Log entries and events, newest first. All given conditions must match.",
    query: logQuery,
    answer: logsAnswer,
    handle: ({ query }) => observation.logs.search(query),
  });
}

function by(observation: Observation, field: "ip" | "client" | "host", summary: string): Route {
  return route({
    method: "GET",
    path: `${PATH}/${field}/{${field}}`,
    tag,
    summary,
    params: z.object({ [field]: z.string().min(1).max(2_000) }),
    query: logQuery,
    answer: logsAnswer,
    handle: ({ params, query }) => observation.logs.search({ ...query, ...params }),
  });
}

function errors(observation: Observation): Route {
  return route({
    method: "GET",
    path: `${PATH}/errors`,
    tag,
    summary: "Entries of level error and above, and answers from 500; with `include_warnings` from warn and 400. Default: the last hour.",
    query: errorsQuery,
    answer: logsAnswer,
    handle: ({ query: { include_warnings: warnings, ...query } }) => {
      const last: LogQuery = { ...(query.from === undefined && query.to === undefined ? { hours: 1 } : {}), ...query };
      return observation.logs.search(last, warnings ? "warnings" : "errors");
    },
  });
}

function events(observation: Observation): Route {
  return route({
    method: "GET",
    path: `${PATH}/events`,
    tag,
    summary: "Events alone.",
    query: logQuery,
    answer: logsAnswer,
    handle: ({ query }) => observation.logs.search(query, "events"),
  });
}

function histogram(observation: Observation): Route {
  return route({
    method: "GET",
    path: `${PATH}/histogram`,
    tag,
    summary: "Entries by time and level, of the same query.",
    query: logQuery,
    answer: histogramAnswer,
    handle: ({ query }) => observation.logs.histogram(query),
  });
}

function stats(observation: Observation): Route {
  return route({
    method: "GET",
    path: `${PATH}/stats`,
    tag,
    summary: "Requests, errors, response times, visitors, paths, hosts and components of the last hours, to five minutes.",
    query: statsQuery,
    answer: statsAnswer,
    handle: ({ query }) => observation.logs.stats(query.hours),
  });
}

function getSettings(tide: Tide): Route {
  return route({
    method: "GET",
    path: `${PATH}/settings`,
    tag,
    summary: "Levels, sampling and rate limits that are in force in all programs.",
    answer: settingsAnswer,
    handle: () => tide.logs.settings(),
  });
}

function changeSettings(tide: Tide): Route {
  return route({
    method: "PATCH",
    path: `${PATH}/settings`,
    tag,
    summary: "Change them; null takes one back. All programs notice within seconds.",
    body: settingsRequest,
    answer: settingsAnswer,
    handle: ({ body }) => tide.logs.set(body),
  });
}
