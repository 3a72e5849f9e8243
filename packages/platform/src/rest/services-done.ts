/** What a change of a service answers: the service as it is then, its version as ETag, and 202 where the caller does not wait for the end. */
import type { Done, Entity } from "@tidegate/gateway";
import type { FastifyReply } from "fastify";
import type { ServiceDoneAnswer } from "../contract.ts";
import { serviceAnswer } from "./services-view.ts";

export function doneAnswer(reply: FastifyReply, { service, operation }: Done, waited: boolean): ServiceDoneAnswer {
  if (!waited) reply.code(202);
  etag(reply, service);
  return { service: serviceAnswer(service), operation };
}

/** To be sent back as `If-Match`. */
export function etag(reply: FastifyReply, { version }: Pick<Entity<unknown>, "version">): void {
  reply.header("ETag", `"${version}"`);
}
