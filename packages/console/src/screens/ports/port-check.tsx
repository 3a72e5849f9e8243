/** "Is 8080 free?": ours, another program's, or nobody's. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { PortCheckAnswer, Problem } from "tidegate/contract";
import { api, problemOf, queryOf } from "../../api.ts";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { Pill } from "../../parts/marks.tsx";
import { ProblemBox } from "../../parts/notices.tsx";
import { BINDS } from "../services/port-rows.tsx";

const path = "/api/v1/services/ports";

export function PortCheck(): JSX.Element {
  const [draft, setDraft] = useState<{ port: string; bind: string; protocol: "tcp" | "udp" }>({
    port: "",
    bind: "127.0.0.1",
    protocol: "tcp",
  });
  const [found, setFound] = useState<PortCheckAnswer | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...change }));
  const submit = async (event: Event) => {
    event.preventDefault();
    const { port, bind, protocol } = draft;
    setFound(null);
    setProblem(null);
    try {
      setFound(await api<PortCheckAnswer>("POST", `${path}/check${queryOf({ port: port.trim(), bind_address: bind, protocol })}`));
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="port-check" aria-label="Check a port" onSubmit={(event) => void submit(event)}>
      <TextField label="Is this port free?" value={draft.port} required placeholder="8080" set={(port) => set({ port })} />
      <ChoiceField label="Open to" value={draft.bind} options={BINDS} set={(bind) => set({ bind })} />
      <ChoiceField label="Protocol" value={draft.protocol} options={["tcp", "udp"]} set={(protocol) => set({ protocol })} />
      <button type="submit" class="button">
        Check
      </button>
      <div class="answer" role="status">
        {found && <Answer found={found} />}
      </div>
      {problem && <ProblemBox problem={problem} />}
    </form>
  );
}

function Answer({ found }: { found: PortCheckAnswer }): JSX.Element {
  if (found.available)
    return (
      <>
        <Pill tone="good">free</Pill> {found.protocol} {found.port} on {found.bind_address}
      </>
    );
  return (
    <>
      <Pill tone="bad">taken</Pill> {found.reason ?? `${found.protocol} ${found.port} on ${found.bind_address}`}
      {found.holder !== null && !(found.reason ?? "").includes(found.holder) && <> – held by {found.holder}</>}
    </>
  );
}
