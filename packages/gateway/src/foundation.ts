/** What the control side stands on. Made once in the control process and once in its thread of services: none of it is shared but by Redis. */
import type { Tide } from "@tidegate/streams";
import type { EdgePort } from "./edge/switch.ts";
import { EdgeTable } from "./edge/table.ts";
import { GatewayKeys } from "./keys.ts";
import { PortRegistry } from "./ports/registry.ts";
import { Broker } from "./services/engine/broker.ts";
import { EntityStore } from "./store/entity-store.ts";
import { KeyedVault } from "./store/keyed-vault.ts";

/** Can be handed to a thread. */
export interface GatewaySettings {
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
  /** Tidegate's own: never given to anybody. */
  readonly restrictedPorts: readonly number[];
}

export interface FoundationDeps {
  readonly settings: GatewaySettings;
  /** Asked for once everything it stands on has started. */
  readonly tide: () => Tide;
  readonly leads: () => boolean;
  readonly onTrouble: (component: string, message: string) => void;
}

export interface Foundation {
  readonly keys: GatewayKeys;
  readonly vault: KeyedVault;
  readonly entities: EntityStore;
  readonly edge: EdgeTable;
  readonly ports: PortRegistry;
  readonly engine: Broker;
}

export function layFoundation({ settings, tide, leads, onTrouble }: FoundationDeps): Foundation {
  const { namespace, prefix, encryptionKey, dataFolder, dockerHost, contexts } = settings;
  const keys = new GatewayKeys(namespace, prefix);
  const vault = new KeyedVault({ keys, encryptionKey, dataFolder });
  const entities = new EntityStore({ tide, keys, vault });
  const edge = new EdgeTable({ tide, keys });
  const listening = (): Promise<readonly EdgePort[]> => edge.list();
  const ports = new PortRegistry({ entities, tide, leads, onTrouble, restricted: settings.restrictedPorts, listening });
  const engine = new Broker({ dockerHost, namespace, contexts, dataFolder });
  return { keys, vault, entities, edge, ports, engine };
}
