/** The orchestrator: every supervised component with its state, and how the states have changed. */
import { z } from "zod";
import type { ComponentHistoryAnswer, OrchestratorStatus } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { orchestratorStatus } from "./schemas.ts";

/** Changes of state, newest first. */
export interface ChangesOfState {
  list(component: string | undefined, limit: number): Promise<ComponentHistoryAnswer["items"]>;
}

const history: z.ZodType<ComponentHistoryAnswer> = z.object({
  items: z.array(
    z.object({
      at: z.number().describe("Unix milliseconds."),
      component: z.string(),
      from: z.string(),
      to: z.string(),
      detail: z.string().nullable(),
      instance: z.string().describe("The control process it happened in."),
    }),
  ),
});

export function orchestratorRoutes(status: () => OrchestratorStatus, changes: ChangesOfState): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/orchestrator/status",
      tag: "orchestrator",
      summary: "Components, their states and restarts; who leads; the largest lag.",
      answer: orchestratorStatus,
      handle: status,
    }),
    route({
      method: "GET",
      path: "/api/v1/orchestrator/history",
      tag: "orchestrator",
      summary: "Changes of state of all control processes of the namespace, newest first; the newest 5,000 are kept.",
      query: z.object({
        component: z.exactOptional(z.string()),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
      answer: history,
      handle: async ({ query: { component, limit } }) => ({ items: await changes.list(component, limit) }),
    }),
  ];
}
