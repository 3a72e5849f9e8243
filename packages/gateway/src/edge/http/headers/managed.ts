/** Which header fields are ours to say, asked of the parser's table of roles, so that there is one such list. */
import { AUTHORIZATION, bit, COOKIE, EVERYTHING_SPECIAL, OTHER, parseFields, UNDERSCORE } from "../wire/fields.ts";

const OF_THE_CLIENT = bit(OTHER) | bit(UNDERSCORE) | bit(AUTHORIZATION) | bit(COOKIE);

/** What a client says of itself; all else is of one hop, or written anew. A role that is added is not passed on until it is named here. */
const NOT_FROM_CLIENT = EVERYTHING_SPECIAL & ~OF_THE_CLIENT;

/** The same, and names with `_`: many programs take `a_b` for `a-b`, so a client could say with it what only others may. */
export const NOT_FORWARDED = NOT_FROM_CLIENT | bit(UNDERSCORE);

/** Lower case, and everything that is no letter or digit as `-`: programs behind us take such spellings for one name. */
export function fold(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "-");
}

/** Names that configuration can neither set nor remove. What is no name of a field is none of them. */
export function isReserved(name: string): boolean {
  return ((1 << roleOf(name)) & NOT_FROM_CLIENT) !== 0;
}

// Private

function roleOf(name: string): number {
  try {
    return parseFields(`${name}:\r\n`, 0, 1).role(0);
  } catch {
    return OTHER;
  }
}
