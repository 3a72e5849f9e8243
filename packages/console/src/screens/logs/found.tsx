/** What a search found, page by page, and how much it looked at. */
import type { JSX } from "preact";
import type { LogsAnswer } from "tidegate/contract";
import { count, plural } from "../../format.ts";
import type { Paged } from "../../paging.ts";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { query } from "../../router.ts";
import { rangeOf, setRange } from "../time-range.tsx";
import { fits, judgesHere } from "./log-filter.ts";
import { LogList } from "./log-list.tsx";
import { currentFilter } from "./query-bar.tsx";

export function Found({ pages }: { pages: Paged<LogsAnswer> }): JSX.Element {
  const filter = currentFilter();
  const all = pages.pages.flatMap((page) => page.logs);
  const entries = judgesHere(filter) ? all.filter((entry) => fits(entry, filter)) : all;
  if (pages.pages.length === 0) return pages.problem ? <ProblemBox problem={pages.problem} retry={pages.reload} /> : <Loading />;
  return (
    <>
      <p class="list-state">
        <span class="faint">{stateWords(pages, entries.length, all.length - entries.length)}</span>
      </p>
      <LogList
        entries={entries}
        follow={null}
        empty={<Nothing filtered={filter.terms.length > 0 || filter.text !== ""} />}
        foot={<Foot pages={pages} />}
      />
      {pages.problem && <ProblemBox problem={pages.problem} />}
    </>
  );
}

function stateWords({ pages }: Paged<LogsAnswer>, shown: number, hidden: number): string {
  const scanned = pages.reduce((n, page) => n + page.scanned, 0);
  const total = pages[0]?.total ?? null;
  const found =
    total === null || hidden > 0 ? plural(shown, "entry", "entries") : `${count(shown)} of ${plural(total, "entry", "entries")}`;
  const left = hidden > 0 ? `, ${count(hidden)} left out here` : "";
  const end = pages.at(-1)?.next === null ? "; that is all" : pages.at(-1)?.complete === false ? "; there is more to look through" : "";
  return `${found}${left}, ${count(scanned)} looked at${end}`;
}

function Foot({ pages }: { pages: Paged<LogsAnswer> }): JSX.Element | null {
  const last = pages.pages.at(-1)?.logs.at(-1);
  if (pages.full && last)
    return (
      <p class="list-foot">
        <button type="button" class="button" onClick={() => setRange(rangeOf(query.value, Date.now()).from, last.at)}>
          Go on before the last one shown
        </button>
      </p>
    );
  if (!pages.more) return null;
  return (
    <p class="list-foot">
      <button type="button" class="button" disabled={pages.loading} onClick={pages.more}>
        {pages.loading ? "Loading…" : "Load more"}
      </button>
    </p>
  );
}

function Nothing({ filtered }: { filtered: boolean }): JSX.Element {
  if (filtered) return <Empty title="No entry fits">Take a pill away, or look at a longer time.</Empty>;
  return (
    <Empty title="No entries in this time" command="npx tidegate log follow">
      A program that logs with <code>tide.logger(…)</code> shows up here by itself.
    </Empty>
  );
}
