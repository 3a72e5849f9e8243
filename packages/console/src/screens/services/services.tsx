/** Every service: containers of ours and what is registered from elsewhere, what needs somebody first. */
import type { JSX } from "preact";
import type { DockerAnswer, ExternalServicesAnswer, ServicesAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { useLogFeed } from "../../live/log-feed.ts";
import { Sign } from "../../parts/icons.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { query, setQuery } from "../../router.ts";
import { CreateForm } from "./create-form.tsx";
import { ExternalForm } from "./external-form.tsx";
import { ServiceTable } from "./service-table.tsx";
import { rowsOf } from "./service-words.ts";

const every = 5000;

export function ServicesScreen(): JSX.Element {
  const services = useResource<ServicesAnswer>("/api/v1/services", every);
  const external = useResource<ExternalServicesAnswer>("/api/v1/services/external", every * 6);
  const form = query.value.get("new");
  const close = () => setQuery({ new: null });
  const reload = () => {
    services.reload();
    external.reload();
  };
  useLogFeed({ event: "service_" }, services.reload);
  const problem = services.problem ?? external.problem;
  return (
    <>
      <div class="heading">
        <h1>Services</h1>
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ new: "service" })}>
            New service
          </button>
          <button type="button" class="button" onClick={() => setQuery({ new: "external" })}>
            Register an external one
          </button>
        </div>
      </div>
      {services.data && <DockerLine docker={services.data.docker} />}
      {form === "service" && <CreateForm close={close} />}
      {form === "external" && <ExternalForm close={close} changed={reload} />}
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!services.data && !problem && <Loading />}
      {services.data && <List services={services.data.items} external={external.data?.items ?? []} changed={reload} />}
    </>
  );
}

/** Nothing else stops working without Docker, so it is said and not shouted. */
function DockerLine({ docker }: { docker: DockerAnswer }): JSX.Element | null {
  if (docker.available) return null;
  return (
    <p class="calm panel" role="status">
      <Sign name="warn" /> <span>{docker.problem ?? "Docker does not answer."}</span>
    </p>
  );
}

interface ListProps {
  services: ServicesAnswer["items"];
  external: ExternalServicesAnswer["items"];
  changed: () => void;
}

function List({ services, external, changed }: ListProps): JSX.Element {
  const filter = query.value.get("filter") ?? "";
  const rows = rowsOf(services, external, filter);
  if (services.length + external.length === 0)
    return (
      <Empty title="No services yet" command="npx tidegate service create hello --image nginx:alpine --port 80 --writable">
        A service is a container that is kept running, probed, and replaced without a failed request; or something elsewhere that has a name
        here.
      </Empty>
    );
  return (
    <>
      <div class="toolbar">
        <input
          type="search"
          aria-label="Filter services"
          placeholder="name, image, state, port, owner"
          value={filter}
          onInput={(event) => setQuery({ filter: event.currentTarget.value })}
        />
        <span class="faint">
          {rows.length} of {services.length + external.length}
        </span>
      </div>
      {rows.length === 0 ? (
        <Empty title="No service fits">Remove a word of the filter.</Empty>
      ) : (
        <ServiceTable rows={rows} changed={changed} />
      )}
    </>
  );
}
