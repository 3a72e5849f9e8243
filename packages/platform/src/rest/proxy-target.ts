/** What the routes of targets have in common: may the caller change it, and what a change answers. */
import type { Changed, Entity, Proxies, TargetData } from "@tidegate/gateway";
import type { FastifyReply } from "fastify";
import type { ProxyTargetAnswer, ProxyTargetDoneAnswer } from "../contract.ts";
import { targetAnswer } from "./proxy-view.ts";
import type { Call } from "./route.ts";
import { allowChange } from "./services-access.ts";
import { etag } from "./services-done.ts";

export const PROXY = "/api/v1/proxy";

/** The target, in the version the caller knows and may change; and who that is. */
export async function allowedTarget(
  { targets }: Proxies,
  call: Call<{ readonly host: string }, unknown, unknown>,
): Promise<{ readonly before: Entity<TargetData>; readonly by: string }> {
  const before = await targets.get(call.params.host);
  return { before, by: allowChange(before, call, "proxy") };
}

/** Each with how it stands with the edge. */
export async function targetAnswers(proxies: Proxies, targets: readonly Entity<TargetData>[]): Promise<ProxyTargetAnswer[]> {
  const standings = await proxies.standings(targets);
  return targets.map((target, at) => targetAnswer(target, standings[at]));
}

export async function oneAnswer(proxies: Proxies, reply: FastifyReply, target: Entity<TargetData>): Promise<ProxyTargetAnswer> {
  etag(reply, target);
  const [standing] = await proxies.standings([target]);
  return targetAnswer(target, standing);
}

/** What a change came to. */
export async function doneAnswer(
  proxies: Proxies,
  reply: FastifyReply,
  { entity, served, warnings }: Changed<TargetData>,
): Promise<ProxyTargetDoneAnswer> {
  return { ...(await oneAnswer(proxies, reply, entity)), served, warnings };
}
