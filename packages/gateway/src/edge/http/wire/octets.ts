/**
 * Byte classes of RFC 9110 and 9112 as tables of 256 entries, so that validity is one look-up per byte.
 * Heads are decoded as latin1: every char code of a head is below 256 and indexes a table directly.
 */

/** Marks in NAME: the character was `_`, or another one that some servers take for `-` too. */
export const WAS_UNDERSCORE = 0x100;
export const WAS_ODD = 0x200;
/** 1 for a character of a token (RFC 9110 5.6.2). */
export const TOKEN = charTable("!#$%&'*+-.^_`|~");
/** For a character of a token its code in lower case, everything that is no letter or digit as `-`, with marks; else 0. */
export const NAME = nameTable();
/** 1 for a byte allowed inside a field value: HTAB, SP, VCHAR, obs-text. */
export const VALUE = rangeTable([
  [9, 9],
  [0x20, 0x7e],
  [0x80, 0xff],
]);
/** 1 for a byte allowed in a request target: VCHAR without `#`. */
export const TARGET = rangeTable([
  [0x21, 0x22],
  [0x24, 0x7e],
]);
/** 1 for a byte allowed in the name of a host. Narrower than reg-name: what DNS never holds has no business in a Host. */
export const HOST_NAME = charTable("-._");
/** Value of a hexadecimal digit plus one, 0 for every other byte. */
export const HEX = hexTable();

// Private

function nameTable(): Uint16Array {
  const table = new Uint16Array(256);
  for (let code = 0; code < 256; code++) if (TOKEN[code] === 1) table[code] = folded(code);
  return table;
}

function folded(code: number): number {
  const char = String.fromCharCode(code).toLowerCase();
  if (/[a-z0-9-]/.test(char)) return char.charCodeAt(0);
  return 0x2d | (char === "_" ? WAS_UNDERSCORE : WAS_ODD);
}

function charTable(extra: string): Uint8Array {
  const table = rangeTable([
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ]);
  for (const char of extra) table[char.charCodeAt(0)] = 1;
  return table;
}

function rangeTable(ranges: readonly (readonly [number, number])[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [from, to] of ranges) table.fill(1, from, to + 1);
  return table;
}

function hexTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (const char of "0123456789abcdefABCDEF") table[char.charCodeAt(0)] = Number.parseInt(char, 16) + 1;
  return table;
}
