/** What a change of a host or route came to: done, not followed by every worker yet, and what the server warns of. */
import type { ServedAnswer } from "tidegate/contract";
import { toast } from "../../parts/notices.tsx";

export function told(text: string, { served, warnings }: ServedAnswer): void {
  toast(served ? text : `${text}; the edge follows as soon as it can`);
  for (const warning of warnings) toast(warning, undefined, false);
}
