/** The route table: everything the control API serves, in the order the documentation shows it. */
import type { Tide } from "@tidegate/streams";
import type { OrchestratorStatus } from "../contract.ts";
import { deadLetterRoutes } from "./dead-letters.ts";
import { docsRoutes } from "./docs.ts";
import { groupRoutes } from "./groups.ts";
import { healthRoutes } from "./health.ts";
import { jobRoutes } from "./jobs.ts";
import { liveRoutes } from "./live.ts";
import { messageRoutes } from "./messages.ts";
import { metricsRoutes } from "./metrics.ts";
import { orchestratorRoutes } from "./orchestrator.ts";
import type { Route } from "./route.ts";
import { sessionRoutes } from "./session.ts";
import type { SessionDeps } from "./session.ts";
import { streamRoutes } from "./streams.ts";
import { topicRoutes } from "./topics.ts";

export interface RoutesDeps extends SessionDeps {
  readonly tide: Tide;
  readonly status: () => OrchestratorStatus;
}

export function allRoutes(deps: RoutesDeps): readonly Route[] {
  const { tide, status } = deps;
  const routes = [
    ...healthRoutes(status),
    ...streamRoutes(tide),
    ...metricsRoutes(tide),
    ...orchestratorRoutes(status),
    ...topicRoutes(tide),
    ...groupRoutes(tide),
    ...messageRoutes(tide),
    ...deadLetterRoutes(tide),
    ...jobRoutes(tide),
    ...sessionRoutes(deps),
    ...liveRoutes(),
  ];
  return [...routes, ...docsRoutes(routes, status().version)];
}
