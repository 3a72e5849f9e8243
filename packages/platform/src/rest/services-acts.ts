/** What is done to a service as it is: start, stop, restart, roll back, pause, resume, adopt. */
import type { Services } from "@tidegate/gateway";
import { z } from "zod";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { actor, allowChangeOf, refuseReserved } from "./services-access.ts";
import { doneAnswer, etag } from "./services-done.ts";
import * as schemas from "./services-schemas.ts";
import { serviceAnswer } from "./services-view.ts";

export function actRoutes(services: Services): readonly Route[] {
  return [
    act(services, "start", "Start a stopped service."),
    act(services, "stop", "Stop a service; its ports stay its own."),
    act(services, "restart", "The same again in a new container, without a gap where the strategy is rolling."),
    act(services, "rollback", "Back to the version before, in a new container beside the present one."),
    pause(services),
    resume(services),
    adopt(services),
  ];
}

// Private

const PATH = "/api/v1/services/{name}";
const tag = "services";

function act(services: Services, verb: "start" | "stop" | "restart" | "rollback", summary: string): Route {
  return route({
    method: "POST",
    path: `${PATH}/${verb}`,
    waits: true,
    tag,
    summary,
    params: schemas.named,
    query: schemas.wait,
    answer: schemas.done,
    async handle(call) {
      const { name } = call.params;
      const { wait } = call.query;
      const by = await allowChangeOf(services, name, call);
      return doneAnswer(call.reply, await services[verb](name, by, { wait }), wait);
    },
  });
}

function pause(services: Services): Route {
  return route({
    method: "POST",
    path: `${PATH}/pause`,
    tag,
    summary: "New connections wait at the door; those under way go on.",
    params: schemas.named,
    query: z.object({ hold: z.coerce.number().min(1).max(600).default(30).describe("Seconds a connection waits at most.") }),
    answer: schemas.service,
    async handle(call) {
      const by = await allowChangeOf(services, call.params.name, call);
      const entity = await services.pause(call.params.name, by, call.query.hold);
      etag(call.reply, entity);
      return serviceAnswer(entity);
    },
  });
}

function resume(services: Services): Route {
  return route({
    method: "POST",
    path: `${PATH}/resume`,
    tag,
    summary: "Let connections in again.",
    params: schemas.named,
    answer: schemas.service,
    async handle(call) {
      const entity = await services.resume(call.params.name, await allowChangeOf(services, call.params.name, call));
      etag(call.reply, entity);
      return serviceAnswer(entity);
    },
  });
}

function adopt(services: Services): Route {
  return route({
    method: "POST",
    path: `${PATH}/adopt`,
    tag,
    scope: { resource: "services", level: "admin" },
    summary: "Make a running container a service of this name, as it is.",
    status: 201,
    params: schemas.named,
    body: z.strictObject({ container: z.string().min(1).max(128).describe("Its name or id.") }),
    answer: schemas.service,
    async handle(call) {
      refuseReserved(call.params.name);
      const entity = await services.adopt(call.body.container, call.params.name, actor(call));
      etag(call.reply, entity);
      return serviceAnswer(entity);
    },
  });
}
