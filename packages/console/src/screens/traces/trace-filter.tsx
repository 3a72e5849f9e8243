/** What narrows the list of traces: any span's component, name and attribute; the trace's status and duration. */
import type { JSX } from "preact";
import { Sign } from "../../parts/icons.tsx";
import { query, setQuery } from "../../router.ts";

export const traceFields = ["component", "operation", "status", "min_duration", "max_duration", "attribute"] as const;
const states = ["ok", "error", "interrupted", "running"] as const;

export function TraceFilter(): JSX.Element {
  const filtered = traceFields.some((name) => query.value.has(name));
  return (
    <form class="letter-filter" role="search" aria-label="Filter traces" onSubmit={(event) => event.preventDefault()}>
      <Field name="component" label="Component" />
      <Field name="operation" label="Operation" placeholder="GET /orders" />
      <label class="field">
        <span>Status</span>
        <select value={query.value.get("status") ?? ""} onChange={(event) => setQuery({ status: event.currentTarget.value })}>
          <option value="">all</option>
          {states.map((state) => (
            <option key={state} value={state}>
              {state}
            </option>
          ))}
        </select>
      </label>
      <Field name="min_duration" label="At least, ms" numeric />
      <Field name="max_duration" label="At most, ms" numeric />
      <Field name="attribute" label="Attribute" placeholder="name:value" />
      {filtered && (
        <button type="button" class="button" onClick={() => setQuery(Object.fromEntries(traceFields.map((f) => [f, null])))}>
          <Sign name="close" /> Clear
        </button>
      )}
    </form>
  );
}

interface FieldProps {
  name: (typeof traceFields)[number];
  label: string;
  placeholder?: string;
  numeric?: boolean;
}

function Field({ name, label, placeholder = "", numeric = false }: FieldProps): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="search"
        inputMode={numeric ? "numeric" : "text"}
        placeholder={placeholder}
        value={query.value.get(name) ?? ""}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value.trim() })}
      />
    </label>
  );
}
