/** What can be done with a service as it is. Each answers as soon as it is noted down; how it goes on is seen on the page. */
import type { JSX } from "preact";
import type { ServiceAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, queryOf } from "../../api.ts";
import { choose, confirm } from "../../parts/confirm.tsx";
import { Sign, type IconName } from "../../parts/icons.tsx";
import { toast } from "../../parts/notices.tsx";
import { navigate, setQuery } from "../../router.ts";

interface ActionsProps {
  service: ServiceAnswer;
  changed: () => void;
}

type Verb = "start" | "stop" | "restart" | "pause" | "resume" | "rollback";

/** Which make sense; the server judges again. */
const verbs: readonly { verb: Verb; label: string; icon: IconName; fits: (service: ServiceAnswer) => boolean }[] = [
  { verb: "start", label: "Start", icon: "play", fits: ({ status }) => status === "stopped" || status === "failed" },
  { verb: "resume", label: "Resume", icon: "play", fits: ({ status }) => status === "paused" },
  { verb: "restart", label: "Restart", icon: "replay", fits: ({ status }) => status === "running" || status === "failed" },
  { verb: "pause", label: "Pause", icon: "pause", fits: ({ status, port_configs }) => status === "running" && port_configs.length > 0 },
  { verb: "stop", label: "Stop", icon: "stop", fits: ({ status }) => status === "running" || status === "paused" },
  { verb: "rollback", label: "Roll back", icon: "replay", fits: ({ previous }) => previous !== null },
];

export function ServiceActions({ service, changed }: ActionsProps): JSX.Element {
  const busy = service.operation !== null;
  return (
    <div class="actions">
      <button type="button" class="button primary" disabled={busy} onClick={() => setQuery({ form: "deploy" })}>
        Deploy
      </button>
      {verbs
        .filter(({ fits }) => fits(service))
        .map(({ verb, label, icon }) => (
          <button key={verb} type="button" class="button" disabled={busy} onClick={() => void perform(service, verb, changed)}>
            <Sign name={icon} /> {label}
          </button>
        ))}
      <button type="button" class="button danger-text" disabled={busy} onClick={() => void remove(service, changed)}>
        Delete
      </button>
    </div>
  );
}

async function perform(service: ServiceAnswer, verb: Verb, changed: () => void): Promise<void> {
  const question = questionOf(service, verb);
  if (question !== null && !(await confirm(question))) return;
  const waits = verb === "pause" || verb === "resume" ? "" : "?wait=false";
  await act(() => api("POST", `${pathOf(service)}/${verb}${waits}`), changed);
}

function questionOf({ service_name: name, previous }: ServiceAnswer, verb: Verb): { title: string; text: string; action: string } | null {
  if (verb === "stop")
    return { title: `Stop ${name}?`, text: "Its ports stay its own; connections are refused until it is started again.", action: "Stop" };
  if (verb !== "rollback" || previous === null) return null;
  const to = `generation ${previous.generation}${previous.image === null ? "" : ` (${previous.image})`}`;
  return { title: `Roll ${name} back?`, text: `To ${to}: in a new container, which takes over when it is healthy.`, action: "Roll back" };
}

async function remove(service: ServiceAnswer, changed: () => void): Promise<void> {
  const volumes = await whatToDelete(service);
  if (volumes === null) return;
  const { service_name: name } = service;
  const force = service.status === "stopped" ? null : "true";
  const query = queryOf({ wait: "false", force, volumes: volumes ? "true" : null });
  if (!(await act(() => api("DELETE", pathOf(service) + query), changed))) return;
  toast(`Deleting ${name}`);
  navigate("/services");
}

/** Whether its volumes go as well; null: nothing goes. */
async function whatToDelete(service: ServiceAnswer): Promise<boolean | null> {
  const { service_name: name, status, volumes } = service;
  const runs = status === "running" || status === "paused" || status === "updating";
  const text = runs ? "It runs: its container is ended and its ports are given back." : "Its container and its ports are given back.";
  const question = { title: `Delete ${name}?`, text, action: "Delete", danger: true, ...(runs ? { typed: name } : {}) };
  if (volumes.length === 0) return (await confirm(question)) ? false : null;
  const choices = [
    { value: "keep", label: "keep its volumes" },
    { value: "delete", label: "delete its volumes too; they cannot be brought back" },
  ] as const;
  const chosen = await choose({ ...question, label: "Its data", choices });
  return chosen === null ? null : chosen === "delete";
}

function pathOf(service: ServiceAnswer): string {
  return `/api/v1/services/${encodeURIComponent(service.service_name)}`;
}
