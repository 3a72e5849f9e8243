/** Certificates: asked for, uploaded, shown, removed. A private key goes in and never comes out. */
import type { Certificates, CertificateView } from "@tidegate/gateway";
import type { FastifyReply } from "fastify";
import type { CertificateAnswer } from "../contract.ts";
import { actRoutes } from "./certificates-acts.ts";
import { allowed } from "./certificates-access.ts";
import * as schemas from "./certificates-schemas.ts";
import { PATH, answered, certificateRow } from "./certificates-view.ts";
import { isUpload, wishOf } from "./certificates-wish.ts";
import { route, type Call, type Route } from "./route.ts";
import { actor } from "./services-access.ts";

export function certificateRoutes(certificates: Certificates): readonly Route[] {
  const own = [list(certificates), make(certificates), multiDomain(certificates), get(certificates), replace(certificates)];
  return [...own, ...actRoutes(certificates), remove(certificates)];
}

// Private

const tag = "certificates";

function list(certificates: Certificates): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All certificates, also those that are being obtained.",
    answer: schemas.all,
    handle: async () => ({ items: (await certificates.list()).map(certificateRow) }),
  });
}

function make(certificates: Certificates): Route {
  return route({
    method: "POST",
    path: PATH,
    tag,
    // Looks from outside at every domain first.
    waits: true,
    summary: "Have a certificate issued for `domain` or `domains` (202: it is ordered meanwhile), or upload one with its key (201).",
    status: 202,
    body: schemas.made,
    answer: schemas.certificate,
    handle: async (call) => await (isUpload(call.body) ? upload(certificates, call) : ask(certificates, call)),
  });
}

function multiDomain(certificates: Certificates): Route {
  return route({
    method: "POST",
    path: `${PATH}/multi-domain`,
    tag,
    waits: true,
    summary: "Have one certificate issued for several domains.",
    status: 202,
    body: schemas.multiDomain,
    answer: schemas.certificate,
    handle: async (call) => await ask(certificates, call),
  });
}

interface Body {
  readonly cert_name?: string;
  readonly skip_preflight?: boolean;
  readonly [field: string]: unknown;
}

async function ask(certificates: Certificates, call: Call<unknown, unknown, Body>): Promise<CertificateAnswer> {
  const { cert_name: name = null, skip_preflight: skip = false } = call.body;
  const by = actor(call);
  const signal = AbortSignal.timeout(PREFLIGHT_LIMIT);
  const view = await certificates.request(name, wishOf(call.body), { by, owner: by }, { preflight: !skip, signal });
  return placed(call.reply, view);
}

async function upload(certificates: Certificates, call: Call<unknown, unknown, Body>): Promise<CertificateAnswer> {
  const { cert_name: name = null, fullchain_pem: chain, private_key_pem: key } = call.body;
  const by = actor(call);
  const view = await certificates.upload(name, { chain, key }, { by, owner: by });
  call.reply.code(201);
  return placed(call.reply, view);
}

/** Milliseconds: a hundred domains, of which none answers. */
const PREFLIGHT_LIMIT = 60_000;

function placed(reply: FastifyReply, view: CertificateView): CertificateAnswer {
  reply.header("Location", `${PATH}/${encodeURIComponent(view.name)}`);
  return answered(reply, view);
}

function get(certificates: Certificates): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}`,
    tag,
    summary: "One certificate, without its key.",
    params: schemas.named,
    answer: schemas.certificate,
    handle: async ({ params, reply }) => answered(reply, await certificates.show(params.name)),
  });
}

function replace(certificates: Certificates): Route {
  return route({
    method: "PUT",
    path: `${PATH}/{name}`,
    tag,
    summary: "Another in place of one that was uploaded: for the next handshakes; connections that are open stay.",
    params: schemas.named,
    body: schemas.replaced,
    answer: schemas.certificate,
    async handle(call) {
      const { before, by, version } = await allowed(certificates, call);
      const { fullchain_pem: chain, private_key_pem: key } = call.body;
      return answered(call.reply, await certificates.replace(before.name, { chain, key }, by, version));
    },
  });
}

function remove(certificates: Certificates): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{name}`,
    tag,
    summary: "Remove a certificate and what is asked for it. Targets that name it fall back to whichever fits.",
    params: schemas.named,
    status: 204,
    answer: null,
    async handle(call) {
      const { before, by, version } = await allowed(certificates, call);
      await certificates.remove(before.name, by, version);
      return call.reply.send();
    },
  });
}
