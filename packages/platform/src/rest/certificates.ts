/** Certificates that were uploaded. A private key goes in and never comes out. */
import type { CertificateTable, ShownCertificate } from "@tidegate/gateway";
import { z } from "zod";
import type { CertificateAnswer, CertificatesAnswer } from "../contract.ts";
import { route } from "./route.ts";
import type { Call, Route } from "./route.ts";
import { actor, allowChange } from "./services-access.ts";
import { etag } from "./services-done.ts";

export function certificateRoutes(certificates: CertificateTable): readonly Route[] {
  return [list(certificates), upload(certificates), get(certificates), replace(certificates), remove(certificates)];
}

// Private

const PATH = "/api/v1/certificates";
const tag = "certificates";
const millis = z.number().describe("Unix milliseconds.");
const named = z.object({ name: z.string().min(1).max(128) });
const pems = {
  fullchain_pem: z.unknown().optional().describe("PEM, the certificate of the host first, each signed by the next."),
  private_key_pem: z.unknown().optional().describe("PEM; kept encrypted and never shown."),
};
const listed = {
  cert_name: z.string(),
  domains: z.array(z.string()),
  status: z.enum(["active", "expired"]),
  issued_at: millis,
  expires_at: millis,
  subject: z.string(),
  issuer: z.string(),
  fingerprint: z.string().describe("`sha256:` and hex."),
  serial: z.string(),
  key_type: z.string(),
  origin: z.enum(["uploaded", "local"]),
  owner: z.string(),
  version: z.number(),
  created_at: millis,
  updated_at: millis,
};
const certificate: z.ZodType<CertificateAnswer> = z.object({ ...listed, fullchain_pem: z.string() });
const all: z.ZodType<CertificatesAnswer> = z.object({ items: z.array(z.object(listed)) });

function list(certificates: CertificateTable): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "All certificates.",
    answer: all,
    async handle() {
      const items = (await certificates.list()).map((one) => {
        const { fullchain_pem: _, ...rest } = answerOf(one);
        return rest;
      });
      return { items };
    },
  });
}

function upload(certificates: CertificateTable): Route {
  return route({
    method: "POST",
    path: PATH,
    tag,
    summary: "Upload a certificate and its key. Targets of its names are served with it at once.",
    status: 201,
    body: z.looseObject({ cert_name: z.exactOptional(z.string().max(128)).describe("Default: after its first host name."), ...pems }),
    answer: certificate,
    async handle(call) {
      const { cert_name: name = null, fullchain_pem: chain, private_key_pem: key } = call.body;
      const by = actor(call);
      const made = await certificates.upload(name, { chain, key }, { by, owner: by });
      call.reply.header("Location", `${PATH}/${encodeURIComponent(made.name)}`);
      etag(call.reply, made);
      return answerOf(made);
    },
  });
}

function get(certificates: CertificateTable): Route {
  return route({
    method: "GET",
    path: `${PATH}/{name}`,
    tag,
    summary: "One certificate, without its key.",
    params: named,
    answer: certificate,
    async handle({ params, reply }) {
      const found = await certificates.show(params.name);
      etag(reply, found);
      return answerOf(found);
    },
  });
}

function replace(certificates: CertificateTable): Route {
  return route({
    method: "PUT",
    path: `${PATH}/{name}`,
    tag,
    summary: "A new one in its place: for the next handshakes; connections that are open stay.",
    params: named,
    body: z.looseObject(pems),
    answer: certificate,
    async handle(call) {
      const { before, by } = await allowed(certificates, call);
      const { fullchain_pem: chain, private_key_pem: key } = call.body;
      const made = await certificates.replace(before.name, { chain, key }, by, before.version);
      etag(call.reply, made);
      return answerOf(made);
    },
  });
}

function remove(certificates: CertificateTable): Route {
  return route({
    method: "DELETE",
    path: `${PATH}/{name}`,
    tag,
    summary: "Remove a certificate. Targets that name it fall back to whichever fits.",
    params: named,
    status: 204,
    answer: null,
    async handle(call) {
      const { before, by } = await allowed(certificates, call);
      await certificates.delete(before.name, by, before.version);
      return call.reply.send();
    },
  });
}

async function allowed(
  certificates: CertificateTable,
  call: Call<{ readonly name: string }, unknown, unknown>,
): Promise<{ readonly before: ShownCertificate; readonly by: string }> {
  const before = await certificates.show(call.params.name);
  return { before, by: allowChange({ ...before, kind: "certificate" }, call, "certificates") };
}

function answerOf({ name, version, created_at, updated_at, data }: ShownCertificate): CertificateAnswer {
  const { chain, not_before, not_after, fingerprint, domains, subject, issuer, serial, key_type, origin, owner } = data;
  return {
    cert_name: name,
    domains,
    status: not_after > Date.now() ? "active" : "expired",
    issued_at: not_before,
    expires_at: not_after,
    subject,
    issuer,
    fingerprint: `sha256:${fingerprint}`,
    serial,
    key_type,
    origin,
    fullchain_pem: chain,
    owner,
    version,
    created_at,
    updated_at,
  };
}
