/** A new route, or another shape for one there is. What it would conflict with is said by the server, in words, before anything is kept. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ProxyRouteAnswer, ProxyRouteDoneAnswer } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { FormEnd } from "../../parts/form-end.tsx";
import { told } from "../proxy/told.ts";
import { blankRoute, routeDraft, routeRequest, type RouteDraft } from "./route-draft.ts";
import { DemandFields, PathFields, RewriteFields } from "./route-fields.tsx";
import { RuleFields } from "./route-rule-fields.tsx";

interface RouteFormProps {
  /** Null: a new one. */
  initial: ProxyRouteAnswer | null;
  /** That a new one is made for. */
  host: string | null;
  hosts: readonly string[];
  close: () => void;
  changed: () => void;
}

export function RouteForm({ initial, host, hosts, close, changed }: RouteFormProps): JSX.Element {
  // As it was when the form was opened: only differences are sent.
  const [before] = useState(() => (initial === null ? null : routeDraft(initial)));
  const [draft, setDraft] = useState<RouteDraft>(before ?? { ...blankRoute, hosts: host ?? "" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<RouteDraft>) => setDraft((old) => ({ ...old, ...change }));
  const made = routeRequest(draft, before);
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("fault" in made || made.request === null) return;
    try {
      const answer = await save(initial, made.request);
      told(`${answer.route_id} is ${initial !== null ? "changed" : answer.served ? "in force" : "kept"}`, answer);
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form
      class="rule-form panel"
      aria-label={initial === null ? "New route" : `Route ${initial.route_id}`}
      onSubmit={(event) => void submit(event)}
    >
      <h2>{initial === null ? "New route" : `Route ${initial.route_id}`}</h2>
      <PathFields draft={draft} set={set} isNew={initial === null} hosts={hosts} />
      <RewriteFields draft={draft} set={set} />
      <DemandFields draft={draft} set={set} open={hasDemands(before)} />
      <RuleFields draft={draft} set={set} open={initial !== null && hasRules(initial)} />
      <FormEnd
        action={initial === null ? "Create" : "Save"}
        problem={problem}
        close={close}
        fault={(initial !== null || draft.pattern !== "") && "fault" in made ? made.fault : null}
        disabled={"fault" in made || made.request === null}
      />
    </form>
  );
}

async function save(initial: ProxyRouteAnswer | null, request: object): Promise<ProxyRouteDoneAnswer> {
  if (initial === null) return await api("POST", "/api/v1/routes", request);
  return await api("PATCH", `/api/v1/routes/${encodeURIComponent(initial.route_id)}`, request);
}

function hasDemands(draft: RouteDraft | null): boolean {
  return draft !== null && [draft.methods, draft.headers, draft.query, draft.clients].some((text) => text !== "");
}

function hasRules({ access, limits, timeouts }: ProxyRouteAnswer): boolean {
  return access !== null || limits !== null || timeouts !== null;
}
