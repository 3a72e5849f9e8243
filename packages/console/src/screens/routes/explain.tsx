/** "Where does this URL go, and why?": the way of a request in words, asked of the same table that serves. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { ProxyExplanationAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../../api.ts";
import { CopyCommand } from "../../parts/copy.tsx";
import { ChoiceField, TextField } from "../../parts/fields.tsx";
import { Sign } from "../../parts/icons.tsx";
import { Pill } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { quoted } from "../../shell.ts";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

export function ExplainScreen(): JSX.Element {
  const url = query.value.get("url") ?? "";
  const method = query.value.get("method") ?? "GET";
  const client = query.value.get("client");
  const path = url === "" ? null : `/api/v1/proxy/explain${queryOf({ url, method, client })}`;
  const { data, problem, reload } = useResource<ProxyExplanationAnswer>(path);
  return (
    <>
      <h1>Explain a URL</h1>
      <Question key={`${url} ${method} ${client}`} url={url} method={method} client={client ?? ""} />
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {path !== null && !data && !problem && <Loading />}
      {path === null && (
        <Empty title="Which host and route takes a request?" command="npx tidegate route explain https://app.localhost/api">
          Give a URL: each step is told, and why the other routes do not take it. Nothing is sent anywhere.
        </Empty>
      )}
      {data && <Explanation found={data} />}
    </>
  );
}

function Question(asked: { url: string; method: string; client: string }): JSX.Element {
  const [draft, setDraft] = useState(asked);
  const set = (change: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...change }));
  const others = (methods as readonly string[]).includes(draft.method) ? [] : [draft.method];
  const submit = (event: Event) => {
    event.preventDefault();
    const { url, method, client } = draft;
    setQuery({ url: url.trim(), method: method === "GET" ? null : method, client: client.trim() || null }, { push: true });
  };
  return (
    <form class="port-check explain" aria-label="Explain a URL" onSubmit={submit}>
      <ChoiceField label="Method" value={draft.method} options={[...methods, ...others]} set={(method) => set({ method })} />
      <TextField label="URL" value={draft.url} required placeholder="https://app.localhost/api" set={(url) => set({ url })} />
      <TextField label="Asked from" value={draft.client} placeholder="127.0.0.1" set={(client) => set({ client })} />
      <button type="submit" class="button primary">
        Explain
      </button>
    </form>
  );
}

function Explanation({ found }: { found: ProxyExplanationAnswer }): JSX.Element {
  return (
    <>
      <section class="explained panel" aria-label="What happens">
        <h2>
          <Outcome found={found} />
        </h2>
        <ol>
          {found.steps.map((step, i) => (
            <li key={i}>
              <b>{step.about}</b> <span>{step.text}</span>
            </li>
          ))}
        </ol>
      </section>
      {found.conflicts.map((one) => (
        <p key={one.other} class="calm panel" role="status">
          <Sign name="warn" />
          <span>
            The route <Route id={one.route} /> {one.why}. See <Route id={one.other} />.
          </span>
        </p>
      ))}
      {found.candidates.length > 0 && (
        <section class="stack" aria-label="Routes that were asked">
          <h2>Routes in the order they are asked {found.omitted > 0 && <small>and {found.omitted} more whose path does not fit</small>}</h2>
          <Table label="Routes that were asked" columns={columns} rows={found.candidates} rowKey={(c) => c.route} />
        </section>
      )}
      {found.target === null && found.status === 404 && <ServeIt url={found.url} />}
      <CopyCommand command={commandOf(found)} />
    </>
  );
}

function Outcome({ found: { status, location, upstream, upstream_path: path, target } }: { found: ProxyExplanationAnswer }): JSX.Element {
  if (status === null)
    return (
      <>
        <Pill tone="good">goes on</Pill> {upstream} is asked for <code>{path}</code>
      </>
    );
  const tone = status >= 400 ? "bad" : "accent";
  return (
    <>
      <Pill tone={tone}>{String(status)}</Pill> {location === null ? "The edge answers itself" : `Sent to ${location}`}
      {target !== null && (
        <>
          {" "}
          <small>
            as <a href={`/proxy/${encodeURIComponent(target)}`}>{target}</a> is set
          </small>
        </>
      )}
    </>
  );
}

const columns: readonly Column<ProxyExplanationAnswer["candidates"][number]>[] = [
  {
    label: "Route",
    lead: true,
    cell: (c) => (
      <>
        <Route id={c.route} /> {c.matched && <Pill tone="good">takes it</Pill>}
      </>
    ),
  },
  { label: "Path", cell: (c) => <code>{c.pattern}</code> },
  { label: "Priority", number: true, cell: (c) => c.priority },
  { label: "Why", wide: true, cell: (c) => c.why },
];

function Route({ id }: { id: string }): JSX.Element {
  return <a href={`/routes?route=${encodeURIComponent(id)}`}>{id}</a>;
}

/** Nobody has this host: the next step. */
function ServeIt({ url }: { url: string }): JSX.Element {
  const host = /^(?:https?:\/\/)?([^/:?#]*)/i.exec(url)?.[1] ?? "";
  return (
    <p>
      <a class="button" href={`/proxy?new=host&host=${encodeURIComponent(host)}`}>
        Serve {host}
      </a>
    </p>
  );
}

function commandOf({ url, method, client }: ProxyExplanationAnswer): string {
  const flags = [...(method === "GET" ? [] : ["--method", method]), ...(client === "127.0.0.1" ? [] : ["--client", client])];
  return ["npx tidegate route explain", quoted(url), ...flags].join(" ");
}
