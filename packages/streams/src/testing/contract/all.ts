/** Everything the library promises on any server. */
import { DEAD_LETTERS } from "./dead-letters.ts";
import { GROUPS } from "./groups.ts";
import { HISTORY } from "./history.ts";
import { HOLDING } from "./holding.ts";
import { LEASES } from "./leases.ts";
import { PUBLISHING } from "./publishing.ts";
import { RETRIES } from "./retries.ts";
import { TRACES } from "./traces.ts";
import type { Contract } from "./world.ts";

export const CONTRACT: Contract = { ...PUBLISHING, ...GROUPS, ...LEASES, ...RETRIES, ...DEAD_LETTERS, ...HOLDING, ...HISTORY, ...TRACES };
