/** A message or trace, explained in sentences. */
import type { Tide } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import { demand } from "../auth/scopes.ts";
import type { WhyAnswer } from "../contract.ts";
import type { Observation } from "../processors/compose.ts";
import { why } from "../why/why.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { logsOfTrace } from "./trace-logs.ts";

export function whyRoutes(tide: Tide, observation: Observation): readonly Route[] {
  return [explain(tide, observation)];
}

// Private

const answer: z.ZodType<WhyAnswer> = z.object({
  id: z.string(),
  kind: z.enum(["message", "trace"]),
  verdict: z.string().describe("One line: what it came to."),
  steps: z
    .array(
      z.object({
        at: z.number().describe("Unix milliseconds."),
        text: z.string(),
        level: z.enum(["info", "warn", "error"]),
        trace: z.exactOptional(z.string()),
        message: z.exactOptional(z.string()),
      }),
    )
    .describe("By time; the last ones tell how things stand now."),
  next: z.array(z.string()).describe("Commands worth running next."),
});

function explain(tide: Tide, observation: Observation): Route {
  return route({
    method: "GET",
    path: "/api/v1/why/{id}",
    tag: "messages",
    summary: "Why did it not arrive, why did it fail: a message or trace in plain sentences.",
    params: z.object({
      id: z
        .string()
        .min(1)
        .max(300)
        .describe("Message id, entry id, `<stream>/<entry id>` with `/` as `%2F`, or a trace id of 32 hex digits."),
    }),
    answer,
    async handle({ params, identity }) {
      const found = await why(params.id, { tide, logs: (trace) => logsOfTrace(observation, trace) });
      if (found?.kind === "trace" && identity !== null) demand(identity, { resource: "traces", level: "read" });
      if (found !== null) return found;
      throw new Refusal(404, "NOTHING_KNOWN", `Nothing is known of ${JSON.stringify(params.id)}.`, {
        hint: "Give a message id, an entry id or a trace id. What is older than the retention of messages, a week, or of traces, a day, is gone.",
      });
    },
  });
}
