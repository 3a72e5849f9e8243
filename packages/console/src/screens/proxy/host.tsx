/** One host: where it is reached, what is done with its requests in plain sentences, its routes in order, and what was asked of it lately. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { ProxyTargetAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago } from "../../format.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { query } from "../../router.ts";
import { quoted } from "../../shell.ts";
import { AccessForm } from "./access-form.tsx";
import { HostActions, MaintenanceForm } from "./host-actions.tsx";
import { hostPath } from "./host-path.ts";
import { HostRequests } from "./host-requests.tsx";
import { HostRoutes } from "./host-routes.tsx";
import { HostSettings } from "./host-settings.tsx";
import { HostMark } from "./host-table.tsx";
import { Problems } from "./host-problems.tsx";
import { sentencesOf } from "./host-words.ts";

const every = 3000;

interface ViewProps {
  target: ProxyTargetAnswer;
  changed: () => void;
}

const views: readonly { view: string | null; label: string; show: (props: ViewProps) => JSX.Element }[] = [
  { view: null, label: "Now", show: (props) => <Now {...props} /> },
  { view: "routes", label: "Routes", show: (props) => <HostRoutes {...props} /> },
  { view: "access", label: "Access", show: (props) => <AccessForm {...props} /> },
  { view: "settings", label: "Settings", show: (props) => <HostSettings {...props} /> },
];

export function HostScreen({ host }: { host: string }): JSX.Element {
  const [gone, setGone] = useState(false);
  const { data: target, problem, reload } = useResource<ProxyTargetAnswer>(hostPath(host), gone ? 0 : every);
  if (gone !== (problem?.status === 404) && (problem !== null || target !== null)) setGone(problem?.status === 404);
  return (
    <>
      <div class="heading">
        <h1>
          <a href="/proxy">Hosts</a> <span aria-hidden="true">/</span> {host} {target && !gone && <HostMark target={target} />}
        </h1>
        {target && !gone && <HostActions target={target} changed={reload} />}
      </div>
      {gone ? <Gone host={host} /> : problem && <ProblemBox problem={problem} retry={reload} />}
      {!target && !problem && <Loading />}
      {target && !gone && <Present target={target} changed={reload} />}
    </>
  );
}

function Present({ target, changed }: ViewProps): JSX.Element {
  const here = views.find((v) => v.view === query.value.get("view")) ?? views[0];
  const address = `/proxy/${encodeURIComponent(target.hostname)}`;
  const tabs = views.map((v) => ({ label: v.label, href: v.view === null ? address : `${address}?view=${v.view}`, here: v === here }));
  const revisions = { label: "Revisions", href: `/revisions?kind=target&name=${encodeURIComponent(target.hostname)}`, here: false };
  return (
    <>
      {query.value.get("form") === "maintenance" && <MaintenanceForm target={target} changed={changed} />}
      <div class="ways">
        <Tabs label="Host" tabs={[...tabs, revisions]} />
      </div>
      {here?.show({ target, changed })}
    </>
  );
}

function Now({ target }: ViewProps): JSX.Element {
  const [first = null] = target.urls;
  return (
    <>
      <Problems target={target} />
      <dl class="sentences panel">
        <div>
          <dt>Reached at</dt>
          <dd>
            <Reached target={target} />
          </dd>
        </div>
        {sentencesOf(target).map(({ about, text }) => (
          <div key={about}>
            <dt>{about}</dt>
            <dd>{text}</dd>
          </div>
        ))}
        <div>
          <dt>Kept</dt>
          <dd>
            By {target.owner}, version {target.version}, changed {ago(target.updated_at, now.value)}
            {target.description === "" ? "." : `: ${target.description}`}
          </dd>
        </div>
      </dl>
      <HostRequests host={target.hostname} example={first} />
    </>
  );
}

function Reached({ target: { urls, hostname } }: { target: ProxyTargetAnswer }): JSX.Element {
  if (urls.length === 0) return <>Nowhere now.</>;
  return (
    <span class="reached">
      {urls.map((url) => (
        <span key={url}>
          {hostname.includes("*") ? (
            <code>{url}</code>
          ) : (
            <a href={url} target="_blank" rel="noreferrer">
              {url}
            </a>
          )}{" "}
          <CopyButton text={url} label={`Copy ${url}`} />
        </span>
      ))}
      <a href={`/explain?url=${encodeURIComponent(urls[0] ?? "")}`}>explain</a>
    </span>
  );
}

function Gone({ host }: { host: string }): JSX.Element {
  return (
    <Empty title={`${host} is not served`} command={`npx tidegate proxy create ${quoted(host)} http://127.0.0.1:3000`}>
      Serve it; or, if it was deleted,{" "}
      <a href={`/revisions?kind=target&name=${encodeURIComponent(host)}`}>bring it back from its revisions</a>.
    </Empty>
  );
}
