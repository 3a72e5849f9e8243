/** Narrows the dead letters: what kinds of failure there are to choose from comes from the letters themselves. */
import type { JSX } from "preact";
import type { DeadLetterGroup } from "tidegate/contract";
import { Sign } from "../parts/icons.tsx";
import { query, setQuery } from "../router.ts";
import { ages, choices, fields } from "./failures.ts";

const selects = [
  { field: "topic", of: "topic", label: "Topic" },
  { field: "group", of: "group", label: "Group" },
  { field: "event_type", of: "eventType", label: "Type" },
  { field: "error_code", of: "errorCode", label: "Error code" },
] as const;

export function DeadLetterFilter({ kinds }: { kinds: readonly DeadLetterGroup[] }): JSX.Element {
  const chosen = (field: string): string => query.value.get(field) ?? "";
  const filtered = [...fields, "died"].some((field) => chosen(field) !== "");
  return (
    <form class="letter-filter" role="search" aria-label="Filter dead letters" onSubmit={(event) => event.preventDefault()}>
      {selects.map(({ field, of, label }) => (
        <Choice
          key={field}
          label={label}
          value={chosen(field)}
          options={choices(kinds, of)}
          choose={(value) => setQuery({ [field]: value })}
        />
      ))}
      <label class="field">
        <span>Died</span>
        <select value={chosen("died")} onChange={(event) => setQuery({ died: event.currentTarget.value })}>
          {ages.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label class="field text">
        <span>Text</span>
        <input
          type="search"
          placeholder="in the error or the data"
          value={chosen("text")}
          onChange={(event) => setQuery({ text: event.currentTarget.value.trim() })}
        />
      </label>
      {filtered && (
        <button type="button" class="button" onClick={() => setQuery({ ...Object.fromEntries(fields.map((f) => [f, null])), died: null })}>
          <Sign name="close" /> Clear
        </button>
      )}
    </form>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly string[];
  choose: (value: string) => void;
}

/** A value of the address that has no letters any more stays visible as chosen. */
function Choice({ label, value, options, choose }: ChoiceProps): JSX.Element {
  const all = value === "" || options.includes(value) ? options : [value, ...options];
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">all</option>
        {all.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}
