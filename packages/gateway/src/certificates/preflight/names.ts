/** The names of a request in one spelling, and whether a CA could issue for them at all. Pure: what DNS knows of them is looked at elsewhere. */
import { isIP } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";
import { GatewayError } from "../../errors.ts";
import { deceptive } from "./lookalikes.ts";

/** Let's Encrypt's limit, and that of most. */
const MOST_NAMES = 100;

export interface NameRules {
  /** The CA is one of our own: it may know names that the internet does not. */
  readonly ownCa: boolean;
}

/** Lower case, punycode, each once, in their order. INVALID_CERTIFICATE_REQUEST. */
export function checkNames(given: unknown, rules: NameRules): string[] {
  if (!Array.isArray(given) || given.length === 0)
    throw refused("domains is a list of at least one name", `For example: ["app.example.org"].`);
  const names = [...new Set(given.slice(0, MOST_GIVEN).map((name) => checkName(name, rules)))];
  if (names.length > MOST_NAMES || given.length > MOST_GIVEN)
    throw refused(
      `domains has ${Math.max(names.length, given.length)} names; allowed are ${MOST_NAMES}`,
      "Divide them among several certificates.",
    );
  const twice = names.find((name) => names.includes(`*${name.slice(name.indexOf("."))}`) && !name.startsWith("*."));
  if (twice === undefined) return names;
  const wildcard = `*${twice.slice(twice.indexOf("."))}`;
  throw refused(`domains: ${twice} is covered by ${wildcard}, and CAs refuse both in one certificate`, "Leave one of them out.");
}

// Private

/** Some names may be given twice. */
const MOST_GIVEN = 1_000;
const WRITTEN = /^[\p{L}\p{M}\p{N}.-]+$/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** Never in the public DNS (RFC 2606, 6761, 6762, 7686, 8375; `internal`, `corp`, `home` and `mail` by ICANN). */
const NEVER_PUBLIC = ["test", "example", "invalid", "local", "internal", "onion", "arpa", "lan", "home", "corp", "mail", "localdomain"];
const DOCUMENTED = ["example.com", "example.net", "example.org"];

function checkName(given: unknown, rules: NameRules): string {
  if (typeof given !== "string") throw wrong(given, "is no text", "Give names as app.example.org.");
  const wildcard = given.startsWith("*.");
  const name = wildcard ? given.slice(2) : given;
  checkSpelling(given, name);
  const ascii = domainToASCII(name).toLowerCase();
  checkLabels(given, ascii);
  checkPublic(given, ascii, rules);
  if (wildcard && !ascii.includes(".")) throw wrong(given, "is a wildcard for a whole top-level domain", "As *.example.org.");
  if (!ascii.includes("."))
    throw wrong(given, "has one label only, and no CA issues for a top-level domain", "Give the whole name, as app.example.org.");
  checkDeceptive(given, ascii);
  return wildcard ? `*.${ascii}` : ascii;
}

function checkSpelling(given: string, name: string): void {
  if (given.length > 300) throw wrong(given, `has ${given.length} characters; a name has 253 at most`, "Shorten it.");
  if (/[/:@?#]/.test(given) && isIP(given) === 0 && !given.startsWith("["))
    throw wrong(given, "is more than a name", "Leave out scheme, port and path: app.example.org");
  if (isIP(name) !== 0 || name.startsWith("["))
    throw wrong(given, "is an IP address; certificates are ordered for names", "Give a name that leads to it.");
  if (name.includes("*"))
    throw wrong(given, "has a * that does not stand alone at its beginning", "A wildcard is *.example.org, for one label.");
  if (given.endsWith(".")) throw wrong(given, "ends with a dot", `Write ${JSON.stringify(given.replace(/\.+$/, ""))}.`);
  if (name === "" || name.startsWith(".") || name.includes(".."))
    throw wrong(given, "has an empty label", "Between two dots there is a letter or digit at least.");
  if (given.includes("_")) throw wrong(given, "has a _, which host names do not have", "Choose a name of letters, digits and -.");
  if (!WRITTEN.test(name)) throw wrong(given, "has a character that no name has", "Allowed are letters, digits, - and dots.");
  if (/^(?:\d+|0x[\da-f]*)$/i.test(name.split(".").at(-1) ?? ""))
    throw wrong(given, "ends with a number, so clients read it as an address", "Give a name.");
}

function checkLabels(given: string, ascii: string): void {
  const labels = ascii.split(".");
  if (ascii === "" || labels.some(isBrokenPunycode))
    throw wrong(given, "is no valid international name (IDNA)", "Compare its letters one by one, or write it as xn--….");
  const long = labels.find((label) => label.length > 63);
  if (long !== undefined) throw wrong(given, `has a label of ${long.length} characters; allowed are 63`, "Shorten it.");
  if (ascii.length > 253) throw wrong(given, `has ${ascii.length} characters; allowed are 253`, "Shorten it.");
  if (!labels.every((label) => LABEL.test(label))) throw wrong(given, "has a label that begins or ends with -", "Leave the - out.");
  const odd = labels.find((label) => /^..--/.test(label) && !label.startsWith("xn--"));
  if (odd !== undefined)
    throw wrong(given, `has -- as third and fourth character of ${odd}, which is kept for international names`, "Choose another.");
}

/** What is written as xn-- is passed through as it is. */
function isBrokenPunycode(label: string): boolean {
  return label.startsWith("xn--") && domainToASCII(domainToUnicode(label).replace(/^xn--/, "")) !== label;
}

function checkPublic(given: string, ascii: string, { ownCa }: NameRules): void {
  const top = ascii.split(".").at(-1) ?? "";
  if (top === "localhost")
    throw wrong(
      given,
      "is for development on this machine",
      "Tidegate makes certificates for localhost itself: nothing has to be ordered.",
    );
  if (ownCa) return;
  if (NEVER_PUBLIC.includes(top))
    throw wrong(given, `ends with .${top}, which no public CA issues for`, "Order a name of a domain that you registered.");
  const documented = DOCUMENTED.find((domain) => ascii === domain || ascii.endsWith(`.${domain}`));
  if (documented !== undefined)
    throw wrong(given, `belongs to ${documented}, which is kept for documentation`, "Order a name of a domain that you registered.");
}

function checkDeceptive(given: string, ascii: string): void {
  const labels = domainToUnicode(ascii).split(".");
  for (const label of labels) {
    const why = deceptive(label, labels.at(-1) ?? "");
    if (why === null) continue;
    throw wrong(given, `has the label ${JSON.stringify(label)}, which ${why}`, "Such names are taken for others: type it in one alphabet.");
  }
}

function wrong(given: unknown, why: string, hint: string): GatewayError {
  return refused(`domains: ${JSON.stringify(given)?.slice(0, 120) ?? "nothing"} ${why}`, hint);
}

function refused(message: string, hint: string): GatewayError {
  return new GatewayError("INVALID_CERTIFICATE_REQUEST", `${message}.`, { hint });
}
