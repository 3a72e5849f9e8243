/** The places of the console. Where it is narrow, four of them stay under the thumb and the rest wait behind "More". */
import { useEffect, useState } from "preact/hooks";
import { Fragment, type JSX } from "preact";
import { feed } from "./live/feed.ts";
import { Sign, type IconName } from "./parts/icons.tsx";
import { path } from "./router.ts";

interface Place {
  href: string;
  label: string;
  icon: IconName;
  /** Stays in the bar where it is narrow. */
  near?: boolean;
  /** Begins a group of this name. */
  group?: string;
}

const places: readonly Place[] = [
  { href: "/", label: "Overview", icon: "overview", near: true },
  { href: "/topics", label: "Topics", icon: "topics" },
  { href: "/groups", label: "Groups", icon: "groups" },
  { href: "/dead-letters", label: "Dead letters", icon: "letters", near: true },
  { href: "/logs", label: "Logs", icon: "logs", near: true },
  { href: "/traces", label: "Traces", icon: "traces" },
  { href: "/alerts", label: "Alerts", icon: "alerts", near: true },
  { href: "/proxy", label: "Hosts", icon: "hosts", group: "Gateway" },
  { href: "/routes", label: "Routes", icon: "routes" },
  { href: "/certificates", label: "Certificates", icon: "certificates" },
  { href: "/services", label: "Services", icon: "services" },
  { href: "/ports", label: "Ports", icon: "ports" },
  { href: "/tokens", label: "Tokens", icon: "tokens" },
  { href: "/revisions", label: "Revisions", icon: "replay" },
  { href: "/redis", label: "Redis", icon: "redis", group: "Tidegate" },
  { href: "/status", label: "Status", icon: "status" },
];

export function Navigation(): JSX.Element {
  const [open, setOpen] = useState(false);
  const here = path.value;
  useEffect(() => setOpen(false), [here]);
  const far = places.some((place) => !place.near && isHere(place, here));
  return (
    <nav aria-label="Main" class={open ? "open" : ""} onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      {places.map((place) => (
        <Fragment key={place.href}>
          {place.group && <span class="group">{place.group}</span>}
          <a href={place.href} class={place.near ? "" : "far"} aria-current={isHere(place, here) ? "page" : undefined}>
            <Sign name={place.icon} />
            <span>{place.label}</span>
            <Tally href={place.href} />
          </a>
        </Fragment>
      ))}
      <button type="button" class={`more ${far ? "here" : ""}`} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Sign name={open ? "close" : "more"} />
        <span>More</span>
      </button>
    </nav>
  );
}

function isHere({ href }: Place, here: string): boolean {
  return href === "/"
    ? here === "/"
    : here === href ||
        here.startsWith(`${href}/`) ||
        (href === "/topics" && here.startsWith("/messages/")) ||
        (href === "/routes" && here === "/explain");
}

function Tally({ href }: { href: string }): JSX.Element | null {
  const n = countOf(href);
  if (n === 0) return null;
  return (
    <b class="tally" aria-label={href === "/alerts" ? `${n} firing` : `${n} dead letters`}>
      {n > 999 ? "999+" : n}
    </b>
  );
}

function countOf(href: string): number {
  if (href === "/dead-letters") return feed.update.value?.dead_letter.length ?? 0;
  return href === "/alerts" ? feed.alerts.value.filter((alert) => alert.state === "firing").length : 0;
}
