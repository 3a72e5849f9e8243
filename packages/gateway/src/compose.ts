/** Builds the control side of the gateway in dependency order. What it needs from outside comes in by `GatewayOptions`. */
import type { AcmeSettings } from "./certificates/authority.ts";
import type { Certificates } from "./certificates/certificates.ts";
import { composeCertificates } from "./certificates/compose.ts";
import type { Switch } from "./edge/switch.ts";
import type { EdgeWorkers } from "./edge/table.ts";
import { layFoundation, type FoundationDeps } from "./foundation.ts";
import type { Part } from "./part.ts";
import type { Ports } from "./ports/ports.ts";
import { Proxies } from "./proxy/proxies.ts";
import { storedProxies } from "./proxy/stored.ts";
import type { Services } from "./services/services.ts";
import type { Entities } from "./store/entities.ts";
import { Revisions } from "./store/revisions.ts";
import { Transfer } from "./store/transfer.ts";
import type { Vault } from "./store/vault.ts";
import type { ThreadConnection } from "./thread/calls.ts";
import { ThreadedServices } from "./thread/services.ts";

export interface GatewayOptions extends FoundationDeps {
  readonly acme: AcmeSettings;
  /** For the thread that works on services. */
  readonly connection: ThreadConnection;
}

export interface Gateway {
  readonly entities: Entities;
  readonly vault: Vault;
  readonly ports: Ports;
  readonly services: Services;
  readonly proxies: Proxies;
  readonly certificates: Certificates;
  readonly edge: Switch & EdgeWorkers;
  readonly revisions: Revisions;
  /** Export and import. */
  readonly transfer: Transfer;
  /** In the order they start. */
  readonly parts: readonly { readonly part: Part; readonly needs: readonly string[] }[];
}

export function composeGateway({ connection, acme, ...deps }: GatewayOptions): Gateway {
  const { settings, tide, leads, onTrouble } = deps;
  const { keys, vault, entities, edge, ports, engine } = layFoundation(deps);
  const services = new ThreadedServices({ entities, vault, engine, order: { settings, connection }, tide, leads, onTrouble });
  const { instance } = settings;
  const { certificates, keeper } = composeCertificates({ tide, entities, vault, keys, settings: acme, instance, onTrouble });
  return {
    entities,
    vault,
    ports,
    services,
    proxies: new Proxies({ entities, vault, edge, certificates }),
    certificates,
    edge,
    revisions: new Revisions(entities, services, storedProxies),
    transfer: new Transfer({ entities, vault, services, namespace: settings.namespace, hooks: storedProxies }),
    parts: [
      { part: entities, needs: ["telemetry"] },
      { part: ports, needs: ["store", "leader"] },
      { part: keeper, needs: ["store"] },
      { part: services.part, needs: ["store", "ports", "leader"] },
    ],
  };
}
