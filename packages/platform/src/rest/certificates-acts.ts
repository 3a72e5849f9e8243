/** What a CA is asked about a certificate there is, or is to be: renew, convert, revoke, change; how far it is, and why. */
import type { Certificates } from "@tidegate/gateway";
import type { FastifyReply } from "fastify";
import { REVOCATION_REASONS } from "../certificate-contract.ts";
import { allowed } from "./certificates-access.ts";
import * as schemas from "./certificates-schemas.ts";
import { PATH, answered, explanationAnswer, statusAnswer } from "./certificates-view.ts";
import { wishOf } from "./certificates-wish.ts";
import { route, type Route } from "./route.ts";

export function actRoutes(certificates: Certificates): readonly Route[] {
  return [
    preflight(certificates),
    status(certificates),
    explain(certificates),
    renew(certificates),
    convert(certificates),
    revoke(certificates),
    change(certificates),
  ];
}

// Private

const tag = "certificates";
/** Milliseconds. */
const PREFLIGHT_LIMIT = 60_000;
const REVOKE_LIMIT = 30_000;

function preflight(certificates: Certificates): Route {
  return route({
    method: "POST",
    path: `${PATH}/preflight`,
    tag,
    waits: true,
    summary: "What would stand in the way of a certificate, domain by domain. Nothing is ordered.",
    body: schemas.wish,
    answer: schemas.preflight,
    async handle({ body }) {
      const findings = await certificates.preflight(wishOf(body), AbortSignal.timeout(PREFLIGHT_LIMIT));
      return { ready: findings.every(({ ok, severity }) => ok || severity !== "error"), findings };
    },
  });
}

function status(certificates: Certificates): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}/status`,
    tag,
    waits: true,
    summary: "How far it is; with `wait` as soon as nothing is under way any more.",
    params: schemas.named,
    query: schemas.waiting,
    answer: schemas.status,
    async handle({ params, query, reply }) {
      const { wait, timeout } = query;
      if (!wait) return statusAnswer(await certificates.show(params.name));
      return statusAnswer(await waitedFor(certificates, params.name, timeout * 1_000, reply));
    },
  });
}

/** Until the caller has left, too. */
async function waitedFor(certificates: Certificates, name: string, limit: number, reply: FastifyReply): ReturnType<Certificates["wait"]> {
  const left = new AbortController();
  reply.raw.once("close", () => left.abort());
  try {
    return await certificates.wait(name, limit, left.signal);
  } catch (error) {
    if (left.signal.aborted) return await certificates.show(name);
    throw error;
  }
}

function explain(certificates: Certificates): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}/explain`,
    tag,
    summary: "Why it is as it is, and what comes next: when and why it is renewed, the last problem, what the CA's limits leave.",
    params: schemas.named,
    answer: schemas.explanation,
    handle: async ({ params }) => explanationAnswer(params.name, await certificates.explain(params.name)),
  });
}

function renew(certificates: Certificates): Route {
  return route({
    method: "POST",
    path: `${PATH}/{name}/renew`,
    tag,
    summary: "Order it anew, if it is due; with `force` whenever.",
    status: 202,
    params: schemas.named,
    query: schemas.forced,
    answer: schemas.certificate,
    async handle(call) {
      const { before, by, version } = await allowed(certificates, call);
      return answered(call.reply, await certificates.renew(before.name, by, { force: call.query.force, version }));
    },
  });
}

function convert(certificates: Certificates): Route {
  return route({
    method: "POST",
    path: `${PATH}/{name}/convert-to-production`,
    tag,
    summary: "From the CA's staging server to production, with all its domains. The one there is serves until then.",
    status: 202,
    params: schemas.named,
    answer: schemas.certificate,
    async handle(call) {
      const { before, by, version } = await allowed(certificates, call);
      return answered(call.reply, await certificates.convert(before.name, by, version));
    },
  });
}

function revoke(certificates: Certificates): Route {
  return route({
    method: "POST",
    path: `${PATH}/{name}/revoke`,
    tag,
    summary: "Tell the CA that it must not be trusted any more; another with a new key is ordered at once.",
    params: schemas.named,
    body: schemas.revocation,
    answer: schemas.certificate,
    async handle(call) {
      const { before, by } = await allowed(certificates, call);
      const reason = REVOCATION_REASONS[call.body.reason];
      return answered(call.reply, await certificates.revoke(before.name, reason, by, AbortSignal.timeout(REVOKE_LIMIT)));
    },
  });
}

function change(certificates: Certificates): Route {
  return route({
    method: "PATCH",
    path: `${PATH}/{name}`,
    tag,
    summary: "Want other domains, another challenge, another CA. What changes the certificate has it ordered anew.",
    params: schemas.named,
    body: schemas.wish,
    answer: schemas.certificate,
    async handle(call) {
      const { before, by, version } = await allowed(certificates, call);
      return answered(call.reply, await certificates.change(before.name, wishOf(call.body), by, version));
    },
  });
}
