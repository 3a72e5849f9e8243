/** What a Host field or the authority of an absolute target may say: a name, an IPv4 address or an IPv6 address in brackets, and a port. */
import { isIPv6 } from "node:net";
import { HttpError } from "./http-error.ts";
import { HOST_NAME } from "./octets.ts";

const MOST_CHARACTERS = 255;
const HIGHEST_PORT = 65_535;
const COLON = 0x3a;
const DOT = 0x2e;

/** The host: lower case, without port and without the dot that ends a full name; brackets stay. Throws 400. */
export function hostOf(authority: string): string {
  const end = authority.startsWith("[") ? endOfAddress(authority) : endOfName(authority);
  if (end < authority.length) checkPort(authority, end);
  const dotted = authority.charCodeAt(end - 1) === DOT;
  return authority.slice(0, dotted ? end - 1 : end).toLowerCase();
}

// Private

function endOfName(authority: string): number {
  let end = 0;
  let before = DOT;
  while (end < authority.length) {
    const code = authority.charCodeAt(end);
    if (HOST_NAME[code] !== 1) break;
    if (code === DOT && before === DOT) throw badHost("has an empty label");
    before = code;
    end++;
  }
  if (end === 0) throw badHost("begins with no name");
  if (end > MOST_CHARACTERS) throw badHost(`is longer than ${MOST_CHARACTERS} characters`);
  return end;
}

function endOfAddress(authority: string): number {
  const end = authority.indexOf("]");
  // A zone (`%eth0`) means something on the sender's machine only.
  if (end < 0 || authority.includes("%") || !isIPv6(authority.slice(1, end))) throw badHost("is not an IPv6 address in brackets");
  return end + 1;
}

function checkPort(authority: string, at: number): void {
  if (authority.charCodeAt(at) !== COLON) throw badHost("holds a character that no name of a host has");
  let port = 0;
  for (let i = at + 1; i < authority.length; i++) {
    const digit = authority.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) throw badHost("has a port that is no number");
    port = Math.min(port * 10 + digit, HIGHEST_PORT + 1);
  }
  if (at + 1 === authority.length || port > HIGHEST_PORT) throw badHost(`has a port that is not between 0 and ${HIGHEST_PORT}`);
}

function badHost(why: string): HttpError {
  return new HttpError(400, "bad-host", `the host ${why}`);
}
