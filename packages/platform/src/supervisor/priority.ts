/**
 * Our processes go before what Docker starts: a build that takes every core must not make connections and the console wait. Where that is not
 * permitted (it takes root or CAP_SYS_NICE) nothing changes. A session has a priority of its own besides that of its processes, where the kernel
 * groups them: https://man7.org/linux/man-pages/man7/sched.7.html, "The autogroup feature".
 */
import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";

const NICE = -15;

/** Right after its start, so that its threads have it too. */
export function goFirst(pid: number): void {
  for (const act of [() => setPriority(pid, NICE), () => writeFileSync(`/proc/${pid}/autogroup`, String(NICE))]) {
    try {
      act();
    } catch {
      // Not permitted, or no Linux: then it is one of many.
    }
  }
}
