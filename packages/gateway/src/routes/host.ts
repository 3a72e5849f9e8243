/** Names of hosts in one spelling: lower case, punycode, no port, no dot at the end. Pure; that a name leads to this machine is nobody's business here. */
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { GatewayError } from "../errors.ts";

/** The name of a target as a person writes it. INVALID_NAME. */
export function checkHost(given: unknown): string {
  const host = typeof given === "string" && given.length <= 300 ? targetName(given) : null;
  if (host !== null) return host;
  throw new GatewayError("INVALID_NAME", `${JSON.stringify(given)?.slice(0, 80) ?? "Nothing"} is not the host name of a target.`, {
    hint: "For example: app.example, *.app.example (one label), localhost, 192.0.2.1, [2001:db8::1]; without scheme, port and path.",
  });
}

/** As the name of a target: a host, or `*.` before one, which stands for exactly one label. Null: it is none. */
export function targetName(text: string): string | null {
  const wildcard = text.startsWith("*.");
  const host = hostName(wildcard ? text.slice(2) : text);
  if (host === null || !wildcard) return host;
  return isAddress(host) ? null : `*.${host}`;
}

/** A name or address without port; IPv6 in brackets. Null: it is none. */
export function hostName(text: string): string | null {
  if (text.startsWith("[")) return text.endsWith("]") ? bracketed(text.slice(1, -1)) : null;
  if (isIP(text) === 4) return text;
  if (isIP(text) === 6) return bracketed(text);
  // It would stop at a slash and undo escapes without a word.
  if (!WRITTEN.test(text)) return null;
  const ascii = domainToASCII(text.endsWith(".") ? text.slice(0, -1) : text).toLowerCase();
  return isName(ascii) ? ascii : null;
}

/** The wildcard that would take the host, or null. */
export function wildcardOf(host: string): string | null {
  const dot = host.indexOf(".");
  return dot <= 0 || isAddress(host) ? null : `*${host.slice(dot)}`;
}

// Private

const WRITTEN = /^[\p{L}\p{M}\p{N}._-]+$/u;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

function isName(ascii: string): boolean {
  if (ascii === "" || ascii.length > 253) return false;
  const labels = ascii.split(".");
  // A last label of digits is an address to some and a name to others (WHATWG URL §3.5).
  return labels.every((label) => LABEL.test(label)) && !/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "");
}

function isAddress(host: string): boolean {
  return host.startsWith("[") || isIP(host) !== 0;
}

function bracketed(address: string): string | null {
  if (isIP(address) !== 6 || address.includes("%")) return null;
  return new URL(`http://[${address}]`).hostname;
}
