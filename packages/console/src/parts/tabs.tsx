/** Views of one screen, as links: each has an address of its own. */
import type { JSX } from "preact";

export interface Tab {
  label: string;
  href: string;
  here: boolean;
  count?: number;
}

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }): JSX.Element {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.label} href={tab.href} aria-current={tab.here ? "page" : undefined}>
          {tab.label}
          {tab.count !== undefined && tab.count > 0 && <b>{tab.count}</b>}
        </a>
      ))}
    </nav>
  );
}
