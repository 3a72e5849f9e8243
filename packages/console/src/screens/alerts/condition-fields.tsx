/** What a rule watches: a metric against a value, or how many events or log entries within a window. */
import type { JSX } from "preact";
import { METRICS, OPERATORS } from "tidegate/contract";
import type { Level } from "tidegate/contract";
import { AreaField, ChoiceField, TextField } from "../../parts/fields.tsx";
import { isMetric, type Draft } from "./rule-draft.ts";

interface ConditionProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

const levels: readonly (Level | "")[] = ["", "trace", "debug", "info", "warn", "error", "critical"];
const aggregates = ["avg", "max", "min", "sum", "last"] as const;

export function ConditionFields({ draft, set }: ConditionProps): JSX.Element {
  return (
    <>
      <ChoiceField
        label="Watches"
        value={draft.kind}
        options={[
          { value: "metric", label: "a metric" },
          { value: "event", label: "events" },
          { value: "log", label: "log entries" },
        ]}
        set={(kind) => set({ kind })}
      />
      {draft.kind === "metric" ? <MetricFields draft={draft} set={set} /> : <CountFields draft={draft} set={set} />}
    </>
  );
}

function MetricFields({ draft, set }: ConditionProps): JSX.Element {
  const metric = METRICS[draft.metric];
  const subjects: Record<string, string> = { host: "a host", topic: "a topic", group: "topic/group", component: "a component", "": "" };
  return (
    <>
      <ChoiceField
        label="Metric"
        value={draft.metric}
        options={Object.keys(METRICS).filter(isMetric)}
        hint={metric.what}
        set={(name) => set({ metric: name })}
      />
      {metric.per !== "" && (
        <TextField
          label="Of"
          value={draft.subject}
          placeholder={`${subjects[metric.per]}, * for several`}
          hint="Empty: each on its own"
          set={(subject) => set({ subject })}
        />
      )}
      <ChoiceField label="Its" value={draft.aggregate} options={aggregates} set={(aggregate) => set({ aggregate })} />
      <Window draft={draft} set={set} />
      <ChoiceField label="Is" value={draft.op} options={OPERATORS} set={(op) => set({ op })} />
      <TextField
        label={
          draft.baseline === "" ? `Value${metric.unit === "" || draft.aggregate === "sum" ? "" : ` (${metric.unit})`}` : "Times the average"
        }
        value={draft.value}
        set={(value) => set({ value })}
      />
      <TextField
        label="Of the seconds before"
        value={draft.baseline}
        placeholder="none"
        hint="Compares with its own past"
        set={(baseline) => set({ baseline })}
      />
    </>
  );
}

function CountFields({ draft, set }: ConditionProps): JSX.Element {
  return (
    <>
      {draft.kind === "event" ? (
        <TextField label="Type of event" value={draft.event} placeholder="service_failed" set={(event) => set({ event })} />
      ) : (
        <>
          <ChoiceField
            label="Least level"
            value={draft.level}
            options={levels.map((value) => ({ value, label: value === "" ? "any" : value }))}
            set={(level) => set({ level })}
          />
          <ChoiceField
            label="Of"
            value={draft.logType}
            options={[
              { value: "", label: "all entries" },
              { value: "log", label: "plain entries" },
              { value: "http_response", label: "requests" },
              { value: "audit", label: "audit" },
            ]}
            set={(logType) => set({ logType })}
          />
        </>
      )}
      <TextField label="So many" value={draft.count} set={(count) => set({ count })} />
      <Window draft={draft} set={set} />
      <TextField label="Counted by field" value={draft.by} placeholder="all together" set={(by) => set({ by })} />
      {draft.kind === "event" && (
        <TextField
          label="Resolved by events"
          value={draft.resolvedBy}
          placeholder="when the window is quiet"
          set={(resolvedBy) => set({ resolvedBy })}
        />
      )}
      <AreaField
        label="Where (one condition a line)"
        value={draft.where}
        placeholder="status >= 500"
        wide
        set={(where) => set({ where })}
      />
    </>
  );
}

function Window({ draft, set }: ConditionProps): JSX.Element {
  return <TextField label="Within, seconds" value={draft.window} set={(window) => set({ window })} />;
}
