/** Every kind of fault, in the order of the promise table. */
import { flushall, groupDestroy, lanesDeleted } from "./data-faults.ts";
import { failoverReplicated, failoverStored } from "./failover.ts";
import type { Fault } from "./fault.ts";
import { networkCut, networkHalfOpen } from "./network-faults.ts";
import { powerLoss, powerLossAlways } from "./power-loss.ts";
import { clientKill, redisKill, redisStop } from "./redis-faults.ts";
import { diskFull, outOfMemory } from "./storage-faults.ts";
import { workerBlock, workerKill, workerStop } from "./worker-faults.ts";

export const FAULTS: readonly Fault[] = [
  workerKill,
  workerStop,
  workerBlock,
  redisKill,
  redisStop,
  clientKill,
  networkCut,
  networkHalfOpen,
  groupDestroy,
  lanesDeleted,
  flushall,
  outOfMemory,
  diskFull,
  powerLoss,
  powerLossAlways,
  failoverStored,
  failoverReplicated,
];
