/** Replay and discard, always after one question that names the number. */
import type { DeadLetterSelection, DiscardAnswer, ReplayAnswer } from "tidegate/contract";
import { api, problemOf } from "../api.ts";
import { count, plural } from "../format.ts";
import { confirm, type Question } from "../parts/confirm.tsx";
import { toast } from "../parts/notices.tsx";

/** Above this a slip of the finger costs too much; the number must be typed. */
const typedAbove = 100;

/** Answers true if something was done. */
export async function settle(kind: "replay" | "discard", selection: DeadLetterSelection, n: number, what: string): Promise<boolean> {
  if (!(await confirm(question(kind, n, what)))) return false;
  try {
    toast(kind === "replay" ? await replay(selection) : await discard(selection));
    return true;
  } catch (error) {
    const problem = problemOf(error);
    toast([problem.detail, problem.hint, problem.request_id && `Request ${problem.request_id}.`].filter(Boolean).join(" "));
    return false;
  }
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
