/** The end of a proxy target, with its certificate where that is wanted and nobody else is shown with it. */
import type { Proxies } from "@tidegate/gateway";
import type { Identity } from "../auth/auth.ts";
import { demandOwn } from "../auth/scopes.ts";
import type { ProxyTargetRemovedAnswer } from "../contract.ts";
import * as schemas from "./proxy-schemas.ts";
import { allowedTarget, PROXY } from "./proxy-target.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function removeRoute(proxies: Proxies): Route {
  return route({
    method: "DELETE",
    path: `${PROXY}/targets/{host}`,
    tag: "proxy",
    summary: "Serve a host name no longer; with `delete_certificate` its certificate goes too, unless other hosts are shown with it.",
    params: schemas.hostName,
    query: schemas.targetRemoval,
    answer: schemas.targetRemoved,
    async handle(call) {
      const { before, by } = await allowedTarget(proxies, call);
      const { force, delete_certificate: along } = call.query;
      const use = along ? await proxies.targets.certificateUse(before.name) : null;
      const going = use !== null && use.others.length === 0 ? use.certificate : null;
      if (going !== null) demandCertificate(call.identity, going);
      await proxies.targets.remove(before, by, { force, certificate: going });
      if (!along) return call.reply.code(204).send();
      return answerOf(before.name, use);
    },
  });
}

// Private

type Use = Awaited<ReturnType<Proxies["targets"]["certificateUse"]>>;

/** Before anything is removed. */
function demandCertificate(identity: Identity | null, { name, owner }: NonNullable<Use>["certificate"]): void {
  if (identity !== null) demandOwn(identity, "certificates", owner, `The certificate ${name}`);
}

function answerOf(hostname: string, use: Use): ProxyTargetRemovedAnswer {
  if (use === null) return { hostname, certificate: null, detail: `${hostname} had no certificate of its own.` };
  const { certificate, others } = use;
  const deleted = others.length === 0;
  const detail = deleted
    ? `The certificate ${certificate.name} is deleted.`
    : `The certificate ${certificate.name} stays: ${inWords(others)} shown with it.`;
  return { hostname, certificate: { cert_name: certificate.name, deleted, used_by: others }, detail };
}

function inWords(hosts: readonly string[]): string {
  const some = hosts.slice(0, 3).join(", ");
  const more = hosts.length > 3 ? ` and ${hosts.length - 3} more` : "";
  return `${some}${more} ${hosts.length === 1 ? "is" : "are"}`;
}
