/** Builds the control side of the gateway in dependency order. What it needs from outside comes in by `GatewayOptions`. */
import type { Tide } from "@tidegate/streams";
import type { EdgePort, Switch } from "./edge/switch.ts";
import { EdgeTable, type EdgeWorkers } from "./edge/table.ts";
import { GatewayKeys } from "./keys.ts";
import type { Ports } from "./ports/ports.ts";
import { PortRegistry } from "./ports/registry.ts";
import { Broker } from "./services/engine/broker.ts";
import { ServiceManager } from "./services/manager.ts";
import type { Services } from "./services/services.ts";
import type { Entities } from "./store/entities.ts";
import { EntityStore } from "./store/entity-store.ts";
import { KeyedVault } from "./store/keyed-vault.ts";
import { Revisions } from "./store/revisions.ts";
import { Transfer } from "./store/transfer.ts";
import type { Vault } from "./store/vault.ts";

export interface GatewayOptions {
  /** Asked for once everything it stands on has started. */
  readonly tide: () => Tide;
  readonly namespace: string;
  readonly prefix: string;
  /** Names this process among all. */
  readonly instance: string;
  /** `TIDEGATE_ENCRYPTION_KEY`, else made on the first run and kept in the data folder. */
  readonly encryptionKey: string | null;
  readonly dataFolder: string;
  /** `unix://…`, `tcp://host:port`; null: the usual socket. */
  readonly dockerHost: string | null;
  /** Folder in which build contexts may lie. */
  readonly contexts: string;
  readonly leads: () => boolean;
  readonly onTrouble: (component: string, message: string) => void;
  /** Tidegate's own: never given to anybody. */
  readonly restrictedPorts: readonly number[];
}

/** The shape of everything the orchestrator runs. */
export interface Part {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  stop(signal: AbortSignal): Promise<void>;
  health(): { readonly healthy: boolean; readonly detail?: string };
}

export interface Gateway {
  readonly entities: Entities;
  readonly vault: Vault;
  readonly ports: Ports;
  readonly services: Services;
  readonly edge: Switch & EdgeWorkers;
  readonly revisions: Revisions;
  /** Export and import. */
  readonly transfer: Transfer;
  /** In the order they start. */
  readonly parts: readonly { readonly part: Part; readonly needs: readonly string[] }[];
}

export function composeGateway(options: GatewayOptions): Gateway {
  const { tide, namespace, prefix, instance, leads, onTrouble } = options;
  const keys = new GatewayKeys(namespace, prefix);
  const vault = new KeyedVault({ keys, encryptionKey: options.encryptionKey, dataFolder: options.dataFolder });
  const entities = new EntityStore({ tide, keys, vault });
  const edge = new EdgeTable({ tide, keys });
  const listening = (): Promise<readonly EdgePort[]> => edge.list();
  const ports = new PortRegistry({ entities, tide, leads, onTrouble, restricted: options.restrictedPorts, listening });
  const engine = new Broker({ dockerHost: options.dockerHost, namespace, contexts: options.contexts, dataFolder: options.dataFolder });
  const services = new ServiceManager({ entities, vault, ports, engine, edge, tide, keys, instance, leads, onTrouble });
  return {
    entities,
    vault,
    ports,
    services,
    edge,
    revisions: new Revisions(entities, services),
    transfer: new Transfer({ entities, vault, services, namespace }),
    parts: [
      { part: entities, needs: ["telemetry"] },
      { part: ports, needs: ["store", "leader"] },
      { part: services.part, needs: ["store", "ports", "leader"] },
    ],
  };
}
