/**
 * Ports of one service. Adding, changing or removing one is a deploy of the whole list, so that ports and container never say different things.
 * A port of the list is sent on as it is stored: hashes stand for its tokens, which nobody has any more.
 */
import { GatewayError, type Entity, type PortSpec, type ServiceData, type Services } from "@tidegate/gateway";
import type { ServiceDoneAnswer } from "../contract.ts";
import { route } from "./route.ts";
import type { Call, Route } from "./route.ts";
import { allowChange } from "./services-access.ts";
import { doneAnswer } from "./services-done.ts";
import * as schemas from "./services-schemas.ts";
import { portAnswers } from "./services-view.ts";

export function servicePortRoutes(services: Services): readonly Route[] {
  return [list(services), add(services), change(services), remove(services)];
}

// Private

const PATH = "/api/v1/services/{name}/ports";
const tag = "services";
const deploys = { waits: true, tag, query: schemas.wait, answer: schemas.done } as const;

function list(services: Services): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "Ports of a service.",
    params: schemas.named,
    answer: schemas.ports,
    async handle({ params }) {
      const { name, data } = await services.get(params.name);
      return { service_name: name, items: portAnswers(data) };
    },
  });
}

function add(services: Services): Route {
  return route({
    ...deploys,
    method: "POST",
    path: PATH,
    summary: "Add a port: a deploy.",
    status: 201,
    params: schemas.named,
    body: schemas.portRequest,
    handle: (call) =>
      deploy(services, call, ({ data }) => {
        const { port_configs: now } = data.spec;
        const [first] = now;
        return [...now, { ...(first === undefined ? {} : { container: first.container }), ...call.body }];
      }),
  });
}

function change(services: Services): Route {
  return route({
    ...deploys,
    method: "PUT",
    path: `${PATH}/{port_name}`,
    summary: "Change the given fields of a port: a deploy.",
    params: schemas.namedPort,
    body: schemas.portRequest,
    handle: (call) =>
      deploy(services, call, (service) => {
        const changed = portOf(service, call.params.port_name);
        return service.data.spec.port_configs.map((port) => (port === changed ? { ...port, ...call.body } : port));
      }),
  });
}

function remove(services: Services): Route {
  return route({
    ...deploys,
    method: "DELETE",
    path: `${PATH}/{port_name}`,
    summary: "Remove a port: a deploy.",
    params: schemas.namedPort,
    handle: (call) =>
      deploy(services, call, (service) => {
        const removed = portOf(service, call.params.port_name);
        return service.data.spec.port_configs.filter((port) => port !== removed);
      }),
  });
}

/** `portsOf`: all that the service is to have then. */
async function deploy(
  services: Services,
  call: Call<{ readonly name: string }, { readonly wait: boolean }, unknown>,
  portsOf: (service: Entity<ServiceData>) => readonly object[],
): Promise<ServiceDoneAnswer> {
  const { wait } = call.query;
  const service = await services.get(call.params.name);
  const by = allowChange(service, call);
  return doneAnswer(call.reply, await services.update(service.name, { port_configs: portsOf(service) }, by, { wait }), wait);
}

function portOf({ name, data }: Entity<ServiceData>, port: string): PortSpec {
  const found = data.spec.port_configs.find((one) => one.name === port);
  if (found !== undefined) return found;
  const there = data.spec.port_configs.map((one) => one.name).join(", ");
  throw new GatewayError("UNKNOWN_PORT", `${name} has no port ${JSON.stringify(port)}; it has: ${there === "" ? "none" : there}.`);
}
