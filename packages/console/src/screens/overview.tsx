/** "Is anything wrong?" in five seconds: problems first, then the two strips that say how it moves, then what runs. */
import type { JSX } from "preact";
import type { ComponentStatus, ServicesAnswer } from "tidegate/contract";
import { useResource } from "../api.ts";
import { Strip } from "../charts/strip.tsx";
import { now } from "../clock.ts";
import { ago, count, plural, rate, short } from "../format.ts";
import { feed } from "../live/feed.ts";
import { problemsOf, type Problem } from "../live/problems.ts";
import type { Sample } from "../live/samples.ts";
import { Sign } from "../parts/icons.tsx";
import { LiveLoading } from "../parts/live-loading.tsx";
import { State } from "../parts/marks.tsx";
import { Empty } from "../parts/notices.tsx";
import { Table, type Column } from "../parts/table.tsx";
import { tally } from "./services/service-words.ts";

export function OverviewScreen(): JSX.Element {
  const update = feed.update.value;
  const samples = feed.samples.value;
  const services = useResource<ServicesAnswer>("/api/v1/services", servicesEvery).data;
  return (
    <>
      <h1>Overview</h1>
      {!update ? (
        <LiveLoading />
      ) : (
        <>
          <Problems problems={problemsOf(update, samples, feed.alerts.value, services?.items)} />
          {Object.keys(update.streams).length === 0 && (
            <Empty title="No topics yet" command={`npx tidegate publish hello greeted '{"hi":1}'`}>
              A topic appears with its first message.
            </Empty>
          )}
          <Figures sample={samples.at(-1)} topics={Object.keys(update.streams).length} dead={update.dead_letter.length} />
          {services?.docker.available && <Services services={services.items} />}
          <Strips samples={samples} />
          <Components components={update.components} />
        </>
      )}
    </>
  );
}

const servicesEvery = 5000;

function Services({ services }: { services: ServicesAnswer["items"] }): JSX.Element {
  return (
    <p class="services-line">
      <a href="/services">Services</a>: {tally(services) || "none yet"}
    </p>
  );
}

function Problems({ problems }: { problems: readonly Problem[] }): JSX.Element {
  if (problems.length === 0)
    return (
      <p class="all-well panel">
        <Sign name="check" /> Nothing needs you. Every group keeps up, no dead letters, all components healthy.
      </p>
    );
  return (
    <section aria-label={plural(problems.length, "problem")}>
      <ul class="problems">
        {problems.map((problem) => (
          <li key={problem.title + problem.href} class={`panel ${problem.level}`}>
            <a href={problem.href}>
              <Sign name={problem.level} />
              <span>
                <strong>{problem.title}</strong>
                <small>{problem.detail}</small>
              </span>
              <Sign name="right" />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Figures({ sample, topics, dead }: { sample: Sample | undefined; topics: number; dead: number }): JSX.Element {
  const figures = [
    { label: "Published", value: rate(sample?.published ?? 0), unit: "/s" },
    { label: "Answered", value: rate(sample?.consumed ?? 0), unit: "/s" },
    { label: "Lag", value: short(sample?.lag ?? 0), unit: "" },
    { label: "Dead letters", value: short(dead), unit: "" },
    { label: "Topics", value: count(topics), unit: "" },
  ];
  return (
    <dl class="figures">
      {figures.map((f) => (
        <div key={f.label} class="panel">
          <dt>{f.label}</dt>
          <dd>
            {f.value}
            <small>{f.unit}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Strips({ samples }: { samples: readonly Sample[] }): JSX.Element {
  const times = samples.map((s) => s.at);
  return (
    <div class="strips">
      <Strip
        title="Throughput"
        times={times}
        format={(v) => `${rate(v)}/s`}
        series={[
          { label: "published", values: samples.map((s) => s.published) },
          { label: "answered", values: samples.map((s) => s.consumed) },
        ]}
      />
      <Strip title="Lag" times={times} format={short} series={[{ label: "waiting messages", values: samples.map((s) => s.lag) }]} />
    </div>
  );
}

const columns: readonly Column<ComponentStatus>[] = [
  { label: "Component", lead: true, cell: (c) => <b>{c.name}</b> },
  { label: "State", cell: (c) => <State state={c.state} /> },
  { label: "Since", cell: (c) => ago(c.since, now.value) },
  { label: "Restarts", number: true, cell: (c) => count(c.restarts) },
  { label: "Process", number: true, cell: (c) => c.pid ?? "–" },
  { label: "Detail", wide: true, cell: (c) => c.detail ?? "–" },
];

function Components({ components }: { components: readonly ComponentStatus[] }): JSX.Element {
  return (
    <section id="components">
      <h2>Components</h2>
      <Table label="Components" columns={columns} rows={components} rowKey={(c) => c.name} />
    </section>
  );
}
