/** Replay and discard, always after one question that names the number; replaying many also asks how fast. */
import type { DeadLetterSelection, DiscardAnswer, ReplayAnswer, ReplayJob } from "tidegate/contract";
import { api, problemOf } from "../api.ts";
import { count, plural } from "../format.ts";
import { confirm, type Question } from "../parts/confirm.tsx";
import { toast } from "../parts/notices.tsx";
import { askPace } from "./dead-letter-replay.tsx";

/** Above this a slip of the finger costs too much; the number must be typed. */
const typedAbove = 100;

/** Answers true if something was done. */
export async function settle(kind: "replay" | "discard", selection: DeadLetterSelection, n: number, what: string): Promise<boolean> {
  const act = kind === "replay" && n > 1 ? await replayPaced(selection, n, what) : await asked(kind, selection, n, what);
  if (act === null) return false;
  try {
    toast(await act());
    return true;
  } catch (error) {
    const problem = problemOf(error);
    toast([problem.detail, problem.hint, problem.request_id && `Request ${problem.request_id}.`].filter(Boolean).join(" "));
    return false;
  }
}

type Act = () => Promise<string>;

async function asked(kind: "replay" | "discard", selection: DeadLetterSelection, n: number, what: string): Promise<Act | null> {
  if (!(await confirm(question(kind, n, what)))) return null;
  return () => (kind === "replay" ? replay(selection) : discard(selection));
}

async function replayPaced(selection: DeadLetterSelection, n: number, what: string): Promise<Act | null> {
  const pace = await askPace(n, what);
  if (pace === null) return null;
  return () => (pace === "at once" ? replay(selection) : startJob(selection, pace));
}

async function startJob(selection: DeadLetterSelection, rate: number): Promise<string> {
  const { total } = await api<ReplayJob>("POST", "/api/v1/dead-letters/replay-jobs", { ...selection, rate });
  return `Replaying ${plural(total, "message")} in the background`;
}

async function replay(selection: DeadLetterSelection): Promise<string> {
  const { replayed, skipped } = await api<ReplayAnswer>("POST", "/api/v1/dead-letters/replay", selection);
  return `Replayed ${plural(replayed, "message")}${skipped > 0 ? `; ${count(skipped)} were gone already` : ""}`;
}

async function discard(selection: DeadLetterSelection): Promise<string> {
  const { discarded } = await api<DiscardAnswer>("POST", "/api/v1/dead-letters/discard", selection);
  return `Discarded ${plural(discarded, "message")}`;
}

function question(kind: "replay" | "discard", n: number, what: string): Question {
  if (kind === "replay")
    return {
      title: `Replay ${plural(n, "message")}?`,
      text: `From ${what}. Each goes back to the group it failed in, with fresh attempts; other groups do not see it.`,
      action: `Replay ${count(n)}`,
    };
  const typed = n > typedAbove ? { typed: String(n) } : {};
  return {
    title: `Discard ${plural(n, "message")}?`,
    text: `From ${what}. They are deleted for good; this cannot be undone.`,
    action: `Discard ${count(n)}`,
    danger: true,
    ...typed,
  };
}
