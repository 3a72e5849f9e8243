/** Every command the server in memory knows. */
import type { Commands } from "../command.ts";
import { HASH_COMMANDS, SET_COMMANDS } from "./collections.ts";
import { ENTRY_COMMANDS } from "./entries.ts";
import { GROUP_COMMANDS } from "./groups.ts";
import { KEY_COMMANDS } from "./keys.ts";
import { PENDING_COMMANDS } from "./pending.ts";
import { READING_COMMANDS } from "./reading.ts";
import { SERVER_COMMANDS } from "./server.ts";
import { SORTED_SET_COMMANDS } from "./sorted-sets.ts";

export const COMMANDS: Commands = {
  ...ENTRY_COMMANDS,
  ...READING_COMMANDS,
  ...GROUP_COMMANDS,
  ...PENDING_COMMANDS,
  ...HASH_COMMANDS,
  ...SET_COMMANDS,
  ...SORTED_SET_COMMANDS,
  ...KEY_COMMANDS,
  ...SERVER_COMMANDS,
};
