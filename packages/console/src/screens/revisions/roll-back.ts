/** Back to an earlier version of anything that is stored; of a service that is a deploy. */
import type { RevisionAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api } from "../../api.ts";
import { confirm } from "../../parts/confirm.tsx";
import { toast } from "../../parts/notices.tsx";

export async function rollBack({ kind, name, version }: RevisionAnswer, changed: () => void): Promise<void> {
  const what = `${kind.replace("_", " ")} ${name}`;
  const text =
    kind === "service"
      ? "A new container made as it was then takes over when it is healthy."
      : "It becomes what it was; its version goes on.";
  if (!(await confirm({ title: `Roll ${what} back to version ${version}?`, text, action: "Roll back" }))) return;
  const path = `/api/v1/revisions/${encodeURIComponent(kind)}/${encodeURIComponent(name)}/rollback`;
  if (await act(() => api("POST", path, { version }), changed)) toast(`Rolled back ${what} to version ${version}`);
}
