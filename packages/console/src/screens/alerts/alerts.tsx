/** Alerts: what is wrong now, what was, the rules that judge it, and who is told. */
import type { JSX } from "preact";
import { feed } from "../../live/feed.ts";
import { Tabs } from "../../parts/tabs.tsx";
import { query } from "../../router.ts";
import { ActiveAlerts } from "./active.tsx";
import { Destinations } from "./destinations.tsx";
import { AlertHistory } from "./history.tsx";
import { Rules } from "./rules.tsx";

const views = [
  { tab: null, label: "Active", show: () => <ActiveAlerts /> },
  { tab: "history", label: "History", show: () => <AlertHistory /> },
  { tab: "rules", label: "Rules", show: () => <Rules /> },
  { tab: "destinations", label: "Destinations", show: () => <Destinations /> },
] as const;

export function AlertsScreen(): JSX.Element {
  const tab = query.value.get("tab");
  const here = views.find((view) => view.tab === tab) ?? views[0];
  const active = feed.alerts.value.length;
  return (
    <>
      <div class="heading">
        <h1>Alerts</h1>
        <Tabs
          label="Alerts"
          tabs={views.map((view) => ({
            label: view.label,
            href: view.tab === null ? "/alerts" : `/alerts?tab=${view.tab}`,
            here: view === here,
            ...(view.tab === null ? { count: active } : {}),
          }))}
        />
      </div>
      {here.show()}
    </>
  );
}
