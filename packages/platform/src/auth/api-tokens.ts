/** API tokens, wired: the directory that requests are checked against, what changes tokens, and who knows what they own. */
import type { CertificateData, CertificateRequest, ExternalService, Gateway, RouteData, ServiceData, TargetData } from "@tidegate/gateway";
import type { Auth } from "./auth.ts";
import { Holdings } from "./holdings.ts";
import { OwnedEntities, OwnedPorts } from "./ownership.ts";
import { Revocation } from "./revocation.ts";
import { TokenDirectory } from "./token-directory.ts";
import { Tokens } from "./tokens.ts";

export interface ApiTokens {
  /** Runs as a component. */
  readonly directory: TokenDirectory;
  readonly tokens: Tokens;
  readonly revocation: Revocation;
}

export interface ApiTokensDeps {
  readonly gateway: Pick<Gateway, "entities" | "services" | "ports" | "proxies" | "certificates">;
  readonly auth: Auth;
  readonly onTrouble: (component: string, message: string) => void;
  /** Unix ms. */
  readonly now?: () => number;
}

/** From now on `auth` accepts them. */
export function apiTokens({ gateway, auth, onTrouble, now = Date.now }: ApiTokensDeps): ApiTokens {
  const { entities, services, ports, proxies, certificates } = gateway;
  const all = { force: true };
  const removeCertificate = (name: string, by: string): Promise<void> => certificates.remove(name, by);
  const directory = new TokenDirectory({ entities, onTrouble, now });
  const holdings = new Holdings([
    // Before services, so that no host name leads to one that is gone.
    new OwnedEntities("routes", entities.table<RouteData>("route"), async (id, by) =>
      proxies.routes.remove(await proxies.routes.get(id), by, all),
    ),
    new OwnedEntities("proxy", entities.table<TargetData>("target"), async (host, by) =>
      proxies.targets.remove(await proxies.targets.get(host), by, all),
    ),
    new OwnedEntities("certificates", entities.table<CertificateRequest>("certificate_request"), removeCertificate),
    new OwnedEntities("certificates", entities.table<CertificateData>("certificate"), removeCertificate, ({ origin }) => origin !== "acme"),
    new OwnedEntities("services", entities.table<ServiceData>("service"), (name, by) => services.delete(name, by, all)),
    new OwnedEntities("services", entities.table<ExternalService>("external_service"), (name, by) => services.external.remove(name, by)),
    new OwnedPorts(ports, entities),
  ]);
  const tokens = new Tokens({ entities, directory, holdings, now });
  auth.lookIn(directory);
  return { directory, tokens, revocation: new Revocation({ entities, directory, holdings, tokens, now }) };
}
