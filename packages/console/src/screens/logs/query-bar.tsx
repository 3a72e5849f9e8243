/** The query bar: terms as pills that can be taken away, and a field for the next ones. What is typed takes effect on Enter. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { Sign } from "../../parts/icons.tsx";
import { query, setQuery } from "../../router.ts";
import { parseFilter, withoutTerm, withTerm, writeFilter, type LogFilter, type Term } from "./log-filter.ts";

const suggestions = ["level:", "component:", "status:", "path:", "method:", "host:", "ip:", "user:", "client:", "trace:", "event:"];

export function currentFilter(): LogFilter {
  return parseFilter(query.value.get("filter") ?? "");
}

function setFilter(filter: LogFilter): void {
  setQuery({ filter: writeFilter(filter), entry: null });
}

/** Looks for, or leaves out, what was clicked. */
export function addTerm(field: string, value: string, exclude: boolean): void {
  setFilter(withTerm(currentFilter(), { field, value, exclude }));
}

export function QueryBar(): JSX.Element {
  const filter = currentFilter();
  const [typed, setTyped] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    const added = parseFilter(typed);
    const text = [filter.text, added.text].filter((part) => part !== "").join(" ");
    setFilter(added.terms.reduce(withTerm, { ...filter, text }));
    setTyped("");
  };
  return (
    <form class="query-bar" role="search" aria-label="Search logs" onSubmit={submit}>
      {filter.terms.map((term) => (
        <Pill key={words(term)} text={words(term)} exclude={term.exclude} remove={() => setFilter(withoutTerm(filter, term))} />
      ))}
      {filter.text !== "" && <Pill text={`“${filter.text}”`} exclude={false} remove={() => setFilter({ ...filter, text: "" })} />}
      <input
        type="search"
        aria-label="Add words or field:value, with - in front to leave out"
        placeholder={filter.terms.length > 0 || filter.text !== "" ? "and…" : "status:5xx path:/orders/* -component:demo timeout"}
        list="log-fields"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <datalist id="log-fields">
        {suggestions.map((s) => (
          <option key={s} value={s} />
        ))}
      </datalist>
      <button type="submit" class="button">
        Search
      </button>
    </form>
  );
}

function Pill({ text, exclude, remove }: { text: string; exclude: boolean; remove: () => void }): JSX.Element {
  return (
    <button type="button" class={`chip ${exclude ? "without" : ""}`} aria-label={`Remove ${text}`} onClick={remove}>
      <span>{text}</span> <Sign name="close" />
    </button>
  );
}

function words({ field, value, exclude }: Term): string {
  if (field === "level" && !exclude) return `level ≥ ${value}`;
  const bare = field === "text" ? value : `${field}:${value}`;
  return exclude ? `not ${bare}` : bare;
}
