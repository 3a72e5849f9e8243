/** Builds everything about certificates of one control process: what people ask, and what keeps the certificates good. */
import type { Store, Tide } from "@tidegate/streams";
import type { GatewayKeys } from "../keys.ts";
import type { Entities } from "../store/entities.ts";
import type { Vault } from "../store/vault.ts";
import { Accounts } from "./accounts.ts";
import type { AcmeSettings } from "./authority.ts";
import { Certificates } from "./certificates.ts";
import { Board } from "./challenges/board.ts";
import { solversOf } from "./challenges/solvers.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { Ledger, type LedgerOptions } from "./orders/ledger.ts";
import { ProgressBook } from "./orders/progress-book.ts";
import { Validation } from "./orders/validation.ts";
import { Preflight } from "./preflight/preflight.ts";
import { Keeper } from "./renewal/keeper.ts";

export interface CertificatesOptions {
  readonly tide: () => Tide;
  readonly entities: Entities;
  readonly vault: Vault;
  readonly keys: GatewayKeys;
  readonly settings: AcmeSettings;
  /** Names this process among all. */
  readonly instance: string;
  readonly onTrouble: (component: string, message: string) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** From [0, 1): spreads what many would do at the same moment. */
  readonly random?: () => number;
  /** Milliseconds between two looks at everything, in case of something nobody told. Default ten minutes. */
  readonly interval?: number;
  /** What is asked at most of a directory. Default: by whose it is. */
  readonly limitsOf?: LedgerOptions["limitsOf"];
  /** How long one answer of a CA may take, ms of real time. Default 30 s. */
  readonly answerWithin?: number;
}

const INTERVAL = 600_000;

export function composeCertificates({
  tide,
  entities,
  vault,
  keys,
  settings,
  instance,
  onTrouble,
  clock = SYSTEM_CLOCK,
  random = Math.random,
  interval = INTERVAL,
  limitsOf,
  answerWithin,
}: CertificatesOptions): { readonly certificates: Certificates; readonly keeper: Keeper } {
  let opened: Store | null = null;
  const store = (): Store => (opened ??= tide().store("certificates"));
  const onStopped = (): void => {
    opened?.close();
    opened = null;
  };
  const board = new Board(store, keys);
  const book = new ProgressBook(store, keys);
  const ledger = new Ledger({ store, keys, clock, ...(limitsOf === undefined ? {} : { limitsOf }) });
  const accounts = new Accounts({ store, keys, vault, clock, trusted: settings.trusted, answerWithin });
  const validation = new Validation(solversOf({ settings, board, clock, onTrouble: (message) => onTrouble("certificates", message) }));
  const identities = async (url: string, signal: AbortSignal): Promise<readonly string[]> =>
    (await accounts.reader(url).directory(signal)).meta.caaIdentities ?? [];
  const preflight = new Preflight({ settings, board, identities });
  const attempts = { tide, accounts, book, ledger, vault, validation, clock };
  const shared = { entities, vault, book, ledger, accounts, settings, clock, interval };
  const keeper = new Keeper({ ...shared, tide, attempts, keys, instance, random, store, onStopped, onTrouble });
  return { certificates: new Certificates({ ...shared, preflight }), keeper };
}
