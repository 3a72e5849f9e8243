/** Replays that go on in the background: how far each is, and the way to stop it. */
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { JobsAnswer, ReplayJob } from "tidegate/contract";
import { api, problemOf, useResource } from "../api.ts";
import { now } from "../clock.ts";
import { ago, count, duration, plural } from "../format.ts";
import { Pill, type Tone } from "../parts/marks.tsx";
import { toast } from "../parts/notices.tsx";

/** How long an ended job is still shown; all of them: `tidegate job ls`. */
const shownFor = 10 * 60_000;

export function DeadLetterJobs({ round, moved }: { round: number; moved: () => void }): JSX.Element | null {
  const [running, setRunning] = useState(false);
  const answer = useResource<JobsAnswer>("/api/v1/jobs", running ? 1000 : 5000);
  const jobs = (answer.data?.items ?? []).filter((job) => job.finishedAt === null || now.value - job.finishedAt < shownFor);
  const replayed = jobs.reduce((sum, job) => sum + job.replayed, 0);
  useEffect(() => setRunning(jobs.some((job) => job.state === "running")));
  useEffect(() => answer.reload(), [round]);
  useEffect(() => moved(), [replayed]);
  if (jobs.length === 0) return null;
  return (
    <section class="jobs panel" aria-label="Replays in the background">
      <h2>Replays in the background</h2>
      <ul>
        {jobs.slice(0, 5).map((job) => (
          <Job key={job.id} job={job} reload={answer.reload} />
        ))}
      </ul>
    </section>
  );
}

const tones: Record<ReplayJob["state"], Tone> = { running: "accent", done: "good", cancelled: "quiet", failed: "bad" };

function Job({ job, reload }: { job: ReplayJob; reload: () => void }): JSX.Element {
  const seen = job.replayed + job.skipped;
  return (
    <li>
      <div class="job-line">
        <Pill tone={tones[job.state]}>{job.state}</Pill>
        <span class="what">{wordsOf(job)}</span>
        <span class="faint">{paceOf(job, seen)}</span>
      </div>
      <div class="job-line">
        <progress
          max={Math.max(1, job.total)}
          value={job.state === "done" ? Math.max(1, job.total) : seen}
          aria-label={`Progress of ${wordsOf(job)}`}
        />
        <b>
          {count(job.replayed)} of {count(job.total)}
        </b>
        {job.skipped > 0 && <span class="faint">{count(job.skipped)} gone already</span>}
        {job.state === "running" && (
          <button type="button" class="button" onClick={() => void cancel(job).then(reload)}>
            Cancel
          </button>
        )}
      </div>
      {job.error !== null && <p class="fault">{job.error}</p>}
    </li>
  );
}

async function cancel(job: ReplayJob): Promise<void> {
  try {
    const { replayed } = await api<ReplayJob>("DELETE", `/api/v1/jobs/${encodeURIComponent(job.id)}`);
    toast(`Cancelled; ${plural(replayed, "message")} had been replayed`);
  } catch (error) {
    toast(problemOf(error).detail);
  }
}

function wordsOf({ filter }: ReplayJob): string {
  if (filter.ids !== undefined) return plural(filter.ids.length, "chosen message");
  const parts = [filter.eventType, filter.errorCode, filter.topic, filter.group].filter((part) => part !== undefined);
  if (filter.text !== undefined) parts.push(`“${filter.text}”`);
  if (parts.length === 0 && filter.signature !== undefined) parts.push(`kind ${filter.signature}`);
  return parts.length === 0 ? "every dead letter" : parts.join(" · ");
}

function paceOf(job: ReplayJob, seen: number): string {
  if (job.finishedAt !== null) return `ended ${ago(job.finishedAt, now.value)}`;
  if (job.rate === 0) return "as fast as it goes";
  return `${count(job.rate)} a second, ${duration((Math.max(0, job.total - seen) / job.rate) * 1000)} to go`;
}
