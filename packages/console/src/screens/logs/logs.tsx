/** What happened: search, follow, and the figures of it. Everything chosen is in the address. */
import type { JSX } from "preact";
import { path, query } from "../../router.ts";
import { Tabs } from "../../parts/tabs.tsx";
import { LogSearch } from "./log-search.tsx";
import { LogStats } from "./log-stats.tsx";

export function LogsScreen(): JSX.Element {
  const stats = query.value.get("view") === "stats";
  return (
    <>
      <div class="heading">
        <h1>Logs</h1>
        <Tabs
          label="Logs"
          tabs={[
            { label: "Entries", href: path.value, here: !stats },
            { label: "Figures", href: `${path.value}?view=stats`, here: stats },
          ]}
        />
      </div>
      {stats ? <LogStats /> : <LogSearch />}
    </>
  );
}
