/** The route table: everything the control API serves, in the order the documentation shows it. */
import type { Gateway } from "@tidegate/gateway";
import type { Tide } from "@tidegate/streams";
import type { ApiTokens } from "../auth/api-tokens.ts";
import type { OrchestratorStatus } from "../contract.ts";
import type { Observation } from "../processors/compose.ts";
import { alertRoutes } from "./alerts.ts";
import { auditRoutes } from "./audit.ts";
import { certificateRoutes } from "./certificates.ts";
import { revisionRoutes } from "./config-revisions.ts";
import { transferRoutes } from "./config-transfer.ts";
import { deadLetterRoutes } from "./dead-letters.ts";
import { docsRoutes } from "./docs.ts";
import { groupRoutes } from "./groups.ts";
import { healthRoutes } from "./health.ts";
import { historyRoutes } from "./history.ts";
import { jobRoutes } from "./jobs.ts";
import { liveRoutes } from "./live.ts";
import { logRoutes } from "./logs.ts";
import { messageRoutes } from "./messages.ts";
import { metricsRoutes } from "./metrics.ts";
import { orchestratorRoutes, type ChangesOfState } from "./orchestrator.ts";
import { portRoutes } from "./ports.ts";
import { proxyRoutes } from "./proxy.ts";
import { pathRoutes } from "./proxy-routes.ts";
import type { Route } from "./route.ts";
import { sessionRoutes } from "./session.ts";
import type { SessionDeps } from "./session.ts";
import { serviceRoutes } from "./services.ts";
import { streamRoutes } from "./streams.ts";
import { tokenRoutes } from "./tokens.ts";
import { topicRoutes } from "./topics.ts";
import { traceRoutes } from "./traces.ts";
import { whyRoutes } from "./why.ts";

export interface RoutesDeps extends SessionDeps {
  readonly tide: Tide;
  readonly status: () => OrchestratorStatus;
  readonly observation: Observation;
  readonly gateway: Gateway;
  readonly tokens: ApiTokens;
  readonly history: ChangesOfState;
  readonly auditStream: string;
}

export function allRoutes(deps: RoutesDeps): readonly Route[] {
  const { tide, status } = deps;
  const routes = [
    ...healthRoutes(status),
    ...streamRoutes(tide),
    ...metricsRoutes(tide, deps.observation.metrics),
    ...orchestratorRoutes(status, deps.history),
    ...topicRoutes(tide),
    ...groupRoutes(tide),
    ...messageRoutes(tide),
    ...historyRoutes(tide),
    ...whyRoutes(tide, deps.observation),
    ...deadLetterRoutes(tide),
    ...jobRoutes(tide),
    ...logRoutes(tide, deps.observation),
    ...alertRoutes(deps.observation),
    ...serviceRoutes(deps.gateway.services, deps.gateway.proxies),
    ...auditRoutes(tide, deps.auditStream),
    ...traceRoutes(tide, deps.observation),
    ...portRoutes(deps.gateway.ports),
    ...proxyRoutes(deps.gateway.proxies),
    ...pathRoutes(deps.gateway.proxies),
    ...certificateRoutes(deps.gateway.certificates),
    ...tokenRoutes(deps.tokens),
    ...revisionRoutes(deps.gateway),
    ...transferRoutes(deps.gateway),
    ...sessionRoutes(deps),
    ...liveRoutes(),
  ];
  return [...routes, ...docsRoutes(routes, status().version)];
}
