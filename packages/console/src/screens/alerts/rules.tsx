/** The rules: on or off by a switch, edited in place with a preview of what they would have done. */
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { AlertDestinationsAnswer, AlertRule, AlertRulesAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, useResource } from "../../api.ts";
import { feed } from "../../live/feed.ts";
import { confirm } from "../../parts/confirm.tsx";
import { Pill } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox, toast } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { conditionWords, seconds, severityTones } from "./alert-words.ts";
import { blank, draftOf } from "./rule-draft.ts";
import { RuleForm } from "./rule-form.tsx";

const path = "/api/v1/alerts/rules";
/** Not an id: those begin with a letter or digit. */
const fresh = "+";

export function Rules(): JSX.Element {
  const answer = useResource<AlertRulesAnswer>(path);
  const destinations = useResource<AlertDestinationsAnswer>("/api/v1/alerts/destinations").data?.items ?? [];
  const rules = answer.data?.items;
  const wanted = query.value.get("rule");
  const edited = rules?.find((rule) => rule.id === wanted);
  const done = () => {
    setQuery({ rule: null });
    answer.reload();
  };
  if (answer.problem) return <ProblemBox problem={answer.problem} retry={answer.reload} />;
  if (!rules) return <Loading />;
  return (
    <>
      {(edited ?? wanted === fresh) ? (
        <RuleForm
          key={wanted}
          initial={edited ? draftOf(edited) : blank}
          isNew={!edited}
          destinations={destinations.map((d) => d.id)}
          done={done}
          cancel={() => setQuery({ rule: null })}
        />
      ) : (
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ rule: fresh })}>
            New rule
          </button>
        </div>
      )}
      {rules.length === 0 ? (
        <Empty title="No rules">Make one: a metric, an event or log entries, and how many of them are too many.</Empty>
      ) : (
        <Table label="Alert rules" columns={columns(answer.reload)} rows={rules} rowKey={(r) => r.id} />
      )}
    </>
  );
}

function columns(changed: () => void): readonly Column<AlertRule>[] {
  return [
    { label: "On", cell: (r) => <Switch rule={r} changed={changed} /> },
    { label: "Rule", lead: true, cell: (r) => <RuleName rule={r} /> },
    { label: "Condition", wide: true, cell: (r) => conditionWords(r.condition) },
    { label: "For", number: true, cell: (r) => (r.for === 0 ? "at once" : seconds(r.for)) },
    { label: "Severity", cell: (r) => <Pill tone={severityTones[r.severity] ?? "quiet"}>{r.severity}</Pill> },
    { label: "Tells", cell: (r) => (r.destinations.length === 0 ? "all" : r.destinations.join(", ")) },
    { label: "Actions", acts: true, cell: (r) => <Actions rule={r} changed={changed} /> },
  ];
}

function RuleName({ rule }: { rule: AlertRule }): JSX.Element {
  const firing = feed.alerts.value.filter((alert) => alert.rule === rule.id && alert.state === "firing").length;
  return (
    <>
      {rule.name} {firing > 0 && <Pill tone="bad">firing</Pill>}
    </>
  );
}

function Switch({ rule, changed }: { rule: AlertRule; changed: () => void }): JSX.Element {
  // Until the list has been read again: it is drawn anew each second, and would put the switch back.
  const [wanted, setWanted] = useState<boolean | null>(null);
  useEffect(() => setWanted(null), [rule.version]);
  const set = async (on: boolean) => {
    setWanted(on);
    const done = await act(() => api("POST", `${path}/${encodeURIComponent(rule.id)}/${on ? "enable" : "disable"}`), changed);
    if (!done) setWanted(null);
  };
  return (
    <input
      type="checkbox"
      role="switch"
      aria-label={rule.name}
      checked={wanted ?? rule.enabled}
      onChange={(event) => void set(event.currentTarget.checked)}
    />
  );
}

function Actions({ rule, changed }: { rule: AlertRule; changed: () => void }): JSX.Element {
  const at = `${path}/${encodeURIComponent(rule.id)}`;
  const remove = async () => {
    const text = "Its active alerts end with it. The history keeps what it found.";
    if (await confirm({ title: `Delete ${rule.name}?`, text, action: "Delete", danger: true }))
      if (await act(() => api("DELETE", at), changed)) toast(`Deleted ${rule.name}`);
  };
  const reset = async () => {
    const text = "Condition, severity and destinations go back to what it came with.";
    if (await confirm({ title: `Reset ${rule.name}?`, text, action: "Reset" }))
      if (await act(() => api("POST", `${at}/reset`), changed)) toast(`Reset ${rule.name}`);
  };
  return (
    <span class="row-actions">
      <button type="button" class="button" aria-label={`Edit ${rule.name}`} onClick={() => edit(rule.id)}>
        Edit
      </button>
      {rule.builtin ? (
        <button type="button" class="button" aria-label={`Reset ${rule.name}`} onClick={() => void reset()}>
          Reset
        </button>
      ) : (
        <button type="button" class="button danger-text" aria-label={`Delete ${rule.name}`} onClick={() => void remove()}>
          Delete
        </button>
      )}
    </span>
  );
}

/** The form opens above the table, so the page goes there. */
function edit(id: string): void {
  setQuery({ rule: id });
  scrollTo(0, 0);
}
