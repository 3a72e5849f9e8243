/** What can be done with a host as it is. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ProxyTargetAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, problemOf } from "../../api.ts";
import { confirm } from "../../parts/confirm.tsx";
import { AreaField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { Sign, type IconName } from "../../parts/icons.tsx";
import { setQuery } from "../../router.ts";
import { removeHost } from "./host-delete.ts";
import { hostPath } from "./host-path.ts";
import { stateOf, type HostState } from "./host-words.ts";

interface HostActionsProps {
  target: ProxyTargetAnswer;
  changed: () => void;
}

type Verb = "pause" | "resume" | "open" | "enable" | "disable" | "maintenance";

const verbs: readonly { verb: Verb; label: string; icon: IconName; in: readonly HostState[] }[] = [
  { verb: "resume", label: "Resume", icon: "play", in: ["paused"] },
  { verb: "open", label: "Open", icon: "play", in: ["maintenance"] },
  { verb: "enable", label: "Enable", icon: "play", in: ["off"] },
  { verb: "pause", label: "Pause", icon: "pause", in: ["open"] },
  { verb: "maintenance", label: "Maintenance", icon: "warn", in: ["open", "paused"] },
  { verb: "disable", label: "Disable", icon: "stop", in: ["open", "paused", "maintenance"] },
];

export function HostActions({ target, changed }: HostActionsProps): JSX.Element {
  const state = stateOf(target);
  return (
    <div class="actions">
      {verbs
        .filter((one) => one.in.includes(state))
        .map(({ verb, label, icon }) => (
          <button key={verb} type="button" class="button" onClick={() => void perform(target, verb, changed)}>
            <Sign name={icon} /> {label}
          </button>
        ))}
      <button type="button" class="button danger-text" onClick={() => void removeHost(target, changed)}>
        Delete
      </button>
    </div>
  );
}

async function perform({ hostname }: ProxyTargetAnswer, verb: Verb, changed: () => void): Promise<void> {
  if (verb === "maintenance") return setQuery({ form: "maintenance" });
  if (verb !== "enable" && verb !== "disable") return void (await act(() => api("POST", hostPath(hostname, verb)), changed));
  const text = "Every request is answered 503 until it is enabled again.";
  if (verb === "disable" && !(await confirm({ title: `Disable ${hostname}?`, text, action: "Disable" }))) return;
  await act(() => api("PATCH", hostPath(hostname), { enabled: verb === "enable" }), changed);
}

/** What visitors read meanwhile. */
export function MaintenanceForm({ target, changed }: HostActionsProps): JSX.Element {
  const [message, setMessage] = useState(target.message ?? "");
  const [problem, setProblem] = useState<Problem | null>(null);
  const close = () => setQuery({ form: null });
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await api("POST", hostPath(target.hostname, "maintenance"), { message: message.trim() || null });
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="rule-form panel" aria-label="Maintenance" onSubmit={(event) => void submit(event)}>
      <h2>Maintenance</h2>
      <AreaField label="What visitors read, with status 503" value={message} wide placeholder="Back at 18:00." set={setMessage} />
      <FormEnd action="Begin" problem={problem} close={close} />
    </form>
  );
}
