/** Jobs: replays of dead letters that go on in the background. Started with `POST /api/v1/dead-letters/replay-jobs`. */
import type { Tide } from "@tidegate/streams";
import { z } from "zod";
import { Refusal } from "../auth/refusal.ts";
import type { JobsAnswer } from "../contract.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { replayJob } from "./schemas.ts";

export function jobRoutes(tide: Tide): readonly Route[] {
  return [listJobs(tide), getJob(tide), cancelJob(tide)];
}

// Private

const list: z.ZodType<JobsAnswer> = z.object({ items: z.array(replayJob) });
const named = z.object({ id: z.string().regex(/^[0-9a-z]{1,64}$/, "must look like 4f1d2c3b5a69") });

function listJobs(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/jobs",
    tag: "jobs",
    summary: "Replay jobs, newest first; finished ones are kept for 30 days.",
    answer: list,
    async handle() {
      return { items: [...(await tide.deadLetters.jobs())] };
    },
  });
}

function getJob(tide: Tide): Route {
  return route({
    method: "GET",
    path: "/api/v1/jobs/{id}",
    tag: "jobs",
    summary: "One job with its counts.",
    params: named,
    answer: replayJob,
    async handle({ params }) {
      const job = await tide.deadLetters.job(params.id);
      if (job !== null) return job;
      throw new Refusal(404, "UNKNOWN_JOB", `There is no job ${params.id}.`, {
        hint: "Finished jobs are forgotten after 30 days. See what is there: GET /api/v1/jobs",
      });
    },
  });
}

function cancelJob(tide: Tide): Route {
  return route({
    method: "DELETE",
    path: "/api/v1/jobs/{id}",
    tag: "jobs",
    summary: "Stop a job; what it has replayed stays replayed. A finished one stays as it is.",
    params: named,
    answer: replayJob,
    async handle({ params }) {
      return tide.deadLetters.cancelJob(params.id);
    },
  });
}
