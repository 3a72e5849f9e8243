/** One service: how it is, what is under way, what went wrong, and what can be done about it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { ServiceAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago, dateTime } from "../../format.ts";
import { useLogFeed } from "../../live/log-feed.ts";
import { CopyButton } from "../../parts/copy.tsx";
import { Pill } from "../../parts/marks.tsx";
import { Loading, ProblemBox, toast } from "../../parts/notices.tsx";
import { Facts, type Fact } from "../../parts/table.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { query, setQuery } from "../../router.ts";
import { ContainerLogs } from "./container-logs.tsx";
import { DeployForm } from "./deploy-form.tsx";
import { ServiceActions } from "./service-actions.tsx";
import { ServiceEvents } from "./service-events.tsx";
import { ServicePorts } from "./service-ports.tsx";
import { ServiceRevisions } from "./service-revisions.tsx";
import { ServiceSettings } from "./service-settings.tsx";
import { Failed, Gone, UnderWay } from "./service-state.tsx";
import { ServiceStats } from "./service-stats.tsx";
import { sourceOf, statusTones } from "./service-words.ts";

const every = 2000;

interface ViewProps {
  service: ServiceAnswer;
  changed: () => void;
}

const views: readonly { view: string | null; label: string; show: (props: ViewProps) => JSX.Element }[] = [
  { view: null, label: "Now", show: (props) => <Now {...props} /> },
  { view: "logs", label: "Logs", show: ({ service }) => <ContainerLogs service={service} /> },
  { view: "settings", label: "Settings", show: ({ service }) => <ServiceSettings service={service} /> },
  { view: "revisions", label: "Revisions", show: (props) => <ServiceRevisions {...props} /> },
  { view: "events", label: "Events", show: ({ service }) => <ServiceEvents name={service.service_name} /> },
];

export function ServiceScreen({ name }: { name: string }): JSX.Element {
  const [gone, setGone] = useState(false);
  // What is gone is not asked for again and again; an event tells when there is one of its name again.
  const path = `/api/v1/services/${encodeURIComponent(name)}`;
  const { data: service, problem, reload } = useResource<ServiceAnswer>(path, gone ? 0 : every);
  if (gone !== (problem?.status === 404) && (problem !== null || service !== null)) setGone(problem?.status === 404);
  // While something is under way its steps have the feed.
  useLogFeed({ event: "service_", q: name }, reload);
  useOutcome(service);
  return (
    <>
      <div class="heading">
        <h1>
          <a href="/services">Services</a> <span aria-hidden="true">/</span> {name}{" "}
          {service && !gone && <Pill tone={statusTones[service.status] ?? "quiet"}>{service.status}</Pill>}
        </h1>
        {service && !gone && <ServiceActions service={service} changed={reload} />}
      </div>
      {gone ? <Gone name={name} /> : problem && <ProblemBox problem={problem} retry={reload} />}
      {!service && !problem && <Loading />}
      {service && !gone && <Present service={service} changed={reload} />}
    </>
  );
}

function Present({ service, changed }: ViewProps): JSX.Element {
  const here = views.find((v) => v.view === query.value.get("view")) ?? views[0];
  const address = `/services/${encodeURIComponent(service.service_name)}`;
  return (
    <>
      {service.operation && <UnderWay service={service} operation={service.operation} />}
      {service.failure && !service.operation && <Failed service={service} failure={service.failure} />}
      {query.value.get("form") === "deploy" && <DeployForm service={service} close={() => setQuery({ form: null })} changed={changed} />}
      <div class="ways">
        <Tabs
          label="Service"
          tabs={views.map((v) => ({ label: v.label, href: v.view === null ? address : `${address}?view=${v.view}`, here: v === here }))}
        />
      </div>
      {here?.show({ service, changed })}
    </>
  );
}

/** Says how an operation ended that was seen to be under way. */
function useOutcome(service: ServiceAnswer | null): void {
  const before = useRef<ServiceAnswer["operation"]>(null);
  useEffect(() => {
    const was = before.current;
    before.current = service?.operation ?? null;
    if (was === null || service === null || service.operation?.id === was.id) return;
    const failed = service.failure !== null && service.failure.at >= was.at;
    toast(failed ? `The ${was.kind} of ${service.service_name} failed` : `${service.service_name}: ${was.kind} done`, undefined, !failed);
  }, [service]);
}

function Now({ service, changed }: ViewProps): JSX.Element {
  return (
    <>
      <Facts facts={factsOf(service)} />
      <ServicePorts service={service} changed={changed} />
      <ServiceStats service={service} />
    </>
  );
}

function factsOf(service: ServiceAnswer): Fact[] {
  const { container_id, previous } = service;
  return [
    { label: "Image", value: <code>{sourceOf(service)}</code> },
    { label: "Generation", value: service.generation },
    {
      label: "Container",
      value:
        container_id === null ? (
          "none"
        ) : (
          <>
            <code>{container_id.slice(0, 12)}</code> <CopyButton text={container_id} label="Copy the container's id" />
          </>
        ),
    },
    { label: "Address", value: service.address ?? "–" },
    { label: "Owner", value: service.owner },
    {
      label: service.origin === "adopted" ? "Adopted" : "Created",
      value: <span title={dateTime(service.created_at)}>{ago(service.created_at, now.value)}</span>,
    },
    {
      label: "Before",
      value: previous === null ? "–" : `generation ${previous.generation}${previous.image === null ? "" : `, ${previous.image}`}`,
    },
  ];
}
