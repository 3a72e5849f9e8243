/** `GET /api/metrics`: the Redis server's figures, in the shape of the earlier dashboards. */
import type { Tide } from "@tidegate/streams";
import { redisMetrics } from "../live/redis-metrics.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { redisMetricsAnswer } from "./schemas.ts";

export function metricsRoutes(tide: Tide): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/metrics",
      tag: "metrics",
      summary: "Memory, connections, performance and persistence of the Redis server.",
      answer: redisMetricsAnswer,
      async handle() {
        return redisMetrics(await tide.serverInfo());
      },
    }),
  ];
}
