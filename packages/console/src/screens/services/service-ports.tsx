/** The ports of a service. Adding or removing one is a deploy: the new container takes over when it is healthy. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, ServiceAnswer, ServicePortAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, problemOf } from "../../api.ts";
import { confirm } from "../../parts/confirm.tsx";
import { TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { Pill } from "../../parts/marks.tsx";
import { Empty } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { PortFields } from "./port-rows.tsx";
import { blankPort, type PortDraft } from "./service-draft.ts";
import { portHref } from "./service-words.ts";

interface ServicePortsProps {
  service: ServiceAnswer;
  changed: () => void;
}

export function ServicePorts({ service, changed }: ServicePortsProps): JSX.Element {
  const adding = query.value.get("form") === "port";
  return (
    <>
      <div class="heading">
        <h2>Ports</h2>
        {!adding && (
          <button type="button" class="button" disabled={service.operation !== null} onClick={() => setQuery({ form: "port" })}>
            Add a port
          </button>
        )}
      </div>
      {adding && <AddPort service={service} changed={changed} />}
      {service.port_configs.length === 0 ? (
        <Empty title="Nothing listens for it">Without a port it can only be reached inside its networks.</Empty>
      ) : (
        <Table label="Ports" columns={columnsOf(service, changed)} rows={service.port_configs} rowKey={(p) => p.port_name} />
      )}
    </>
  );
}

function columnsOf(service: ServiceAnswer, changed: () => void): readonly Column<ServicePortAnswer>[] {
  return [
    { label: "Port", lead: true, cell: (p) => p.port_name },
    { label: "Here", cell: (p) => <Here port={p} runs={service.status === "running"} /> },
    { label: "In the container", number: true, cell: (p) => p.container_port },
    { label: "Protocol", cell: (p) => p.protocol },
    { label: "Asks for", cell: (p) => <Access port={p} /> },
    { label: "Description", wide: true, cell: (p) => p.description || "–" },
    { label: "Actions", acts: true, cell: (p) => <RemovePort service={service} port={p} changed={changed} /> },
  ];
}

function Here({ port, runs }: { port: ServicePortAnswer; runs: boolean }): JSX.Element {
  const href = runs ? portHref(port, location.hostname) : null;
  const words = port.host_port === null ? "not given yet" : `${port.bind_address}:${port.host_port}`;
  if (href === null) return <code>{words}</code>;
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {words}
    </a>
  );
}

function Access({ port }: { port: ServicePortAnswer }): JSX.Element {
  if (!port.require_token && !port.require_certificate) return <span class="faint">nothing</span>;
  return (
    <>
      {port.require_token && <Pill tone="accent">a token</Pill>} {port.require_certificate && <Pill tone="accent">a certificate</Pill>}
    </>
  );
}

function RemovePort({ service, port, changed }: ServicePortsProps & { port: ServicePortAnswer }): JSX.Element {
  const { service_name: name } = service;
  const remove = async () => {
    const text = "A new container without it takes over when it is healthy.";
    if (!(await confirm({ title: `Remove port ${port.port_name} of ${name}?`, text, action: "Remove", danger: true }))) return;
    const path = `/api/v1/services/${encodeURIComponent(name)}/ports/${encodeURIComponent(port.port_name)}?wait=false`;
    await act(() => api("DELETE", path), changed);
  };
  return (
    <span class="row-actions">
      <button
        type="button"
        class="button danger-text"
        disabled={service.operation !== null}
        aria-label={`Remove port ${port.port_name}`}
        onClick={() => void remove()}
      >
        Remove
      </button>
    </span>
  );
}

function AddPort({ service, changed }: ServicePortsProps): JSX.Element {
  const [port, setPort] = useState<PortDraft>({ ...blankPort, name: `port${service.port_configs.length + 1}` });
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const close = () => setQuery({ form: null });
  const submit = async (event: Event) => {
    event.preventDefault();
    const { host, container, ...rest } = port;
    const request = { ...rest, container: Number(container), host: host.trim() === "" ? null : Number(host) };
    try {
      const path = `/api/v1/services/${encodeURIComponent(service.service_name)}/ports?wait=false`;
      await api("POST", path, token === "" ? request : { ...request, source_token: token });
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form class="rule-form panel" aria-label="New port" onSubmit={(event) => void submit(event)}>
      <fieldset>
        <PortFields port={port} set={(change) => setPort((old) => ({ ...old, ...change }))} />
        {port.protocol === "tcp" && <TextField label="Token to connect" value={token} secret placeholder="none: open" set={setToken} />}
      </fieldset>
      <FormEnd action="Add" problem={problem} close={close} />
    </form>
  );
}
