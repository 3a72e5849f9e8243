/** `GET /api/v1/orchestrator/status`: every supervised component with its state. */
import type { OrchestratorStatus } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { orchestratorStatus } from "./schemas.ts";

export function orchestratorRoutes(status: () => OrchestratorStatus): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/orchestrator/status",
      tag: "orchestrator",
      summary: "Components, their states and restarts.",
      answer: orchestratorStatus,
      handle: status,
    }),
  ];
}
