/** One act of a person on something: done, or said why not, and what is shown read anew either way. */
import type { Problem } from "tidegate/contract";
import { problemOf } from "./api.ts";
import { toast } from "./parts/notices.tsx";

export async function act(work: () => Promise<unknown>, changed: () => void): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    toast(sentence(problemOf(error)), undefined, false);
    return false;
  } finally {
    changed();
  }
}

function sentence({ detail, title, hint }: Problem): string {
  return [detail || title, hint].filter(Boolean).join(" ");
}
