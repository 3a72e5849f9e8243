/** `GET /health`: for load balancers and start scripts. Open, so it names components but no addresses. */
import { z } from "zod";
import type { Health, OrchestratorStatus } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

const answer: z.ZodType<Health> = z.object({
  status: z.enum(["healthy", "unhealthy"]),
  version: z.string(),
  uptime: z.number().describe("Seconds."),
  error: z.exactOptional(z.string()),
});

export function healthRoutes(status: () => OrchestratorStatus): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/health",
      tag: "health",
      summary: "Is everything running? 200 when healthy, 503 when not.",
      open: true,
      answer,
      handle({ reply }) {
        const health = healthOf(status());
        if (health.status === "unhealthy") reply.code(503).header("Retry-After", "5");
        return health;
      },
    }),
  ];
}

// Private

function healthOf(status: OrchestratorStatus): Health {
  const uptime = Math.max(0, Math.round((Date.now() - status.started_at) / 100) / 10);
  const health: Health = { status: status.status, version: status.version, uptime };
  return status.status === "healthy" ? health : { ...health, error: complaint(status) };
}

function complaint(status: OrchestratorStatus): string {
  if (!status.redis.connected) return "Redis does not answer.";
  const ill = status.components.filter((one) => one.state !== "healthy").map((one) => `${one.name} is ${one.state}`);
  return ill.length === 0 ? "A component is unhealthy." : `${ill.join(", ")}.`;
}
