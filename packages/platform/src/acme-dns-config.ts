/** Who writes the TXT records of dns-01: one of a program, a webhook, and a name server that takes updates. */
import { accessSync, constants } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import type { DnsHook } from "@tidegate/gateway";
import { wrong, type Found, type PickSetting } from "./setting.ts";

type Pick = PickSetting<"acmeDnsExec" | "acmeDnsRfc2136" | "acmeDnsWebhook">;

export function dnsHook(pick: Pick, folder: string): DnsHook | null {
  const token = pick("ACME_DNS_WEBHOOK_TOKEN", null);
  const secret = pick("ACME_DNS_RFC2136_SECRET", null);
  const kinds: readonly [Found | null, (found: Found) => DnsHook][] = [
    [pick("ACME_DNS_EXEC", "acmeDnsExec"), (found) => execHook(found, folder)],
    [pick("ACME_DNS_WEBHOOK", "acmeDnsWebhook"), (found) => webhook(found, token)],
    [pick("ACME_DNS_RFC2136", "acmeDnsRfc2136"), (found) => rfc2136(found, secret)],
  ];
  const given = kinds.flatMap(([found, make]) => (found === null ? [] : [{ found, make }]));
  const [first, second] = given;
  if (first === undefined) return null;
  if (second !== undefined) throw wrong(second.found.where, `it beside ${first.found.where}`, "only one that writes DNS records");
  return first.make(first.found);
}

// Private

const RFC2136 = "dns://server:53/zone?key=name&algorithm=hmac-sha256&secret=…; the secret as base64, here or in ACME_DNS_RFC2136_SECRET";
const ALGORITHMS = ["hmac-sha256", "hmac-sha512"] as const;

/** One program, without arguments: it gets its own. */
function execHook({ where, value }: Found, folder: string): DnsHook {
  const command = value.includes("/") && !isAbsolute(value) ? resolve(folder, value) : value;
  const allowed = "the path of one program that may be run; it is called as: <program> present|clean <record name> <value>";
  if (!isAbsolute(command)) throw wrong(where, JSON.stringify(value.slice(0, 200)), allowed);
  try {
    accessSync(command, constants.X_OK);
  } catch {
    throw wrong(where, `${JSON.stringify(command)}, which is not there or may not be run`, allowed);
  }
  return { kind: "exec", command };
}

/** An address may have a token in its path or query, so it is not printed. */
function webhook({ where, value }: Found, token: Found | null): DnsHook {
  const url = URL.canParse(value) ? new URL(value) : null;
  const allowed = "an https address, or an http one of this machine; its token in ACME_DNS_WEBHOOK_TOKEN";
  if (url === null) throw wrong(where, "what is no address", allowed);
  if (url.username !== "" || url.password !== "") throw wrong(where, "an address with a user or password", allowed);
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && here)) throw wrong(where, `an address of ${url.protocol}`, allowed);
  return { kind: "webhook", url: value, token: token?.value ?? null };
}

function rfc2136({ where, value }: Found, secret: Found | null): DnsHook {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || url.protocol !== "dns:" || url.hostname === "") throw wrong(where, "what is no dns:// address", RFC2136);
  const stranger = [...url.searchParams.keys()].find((name) => !["key", "algorithm", "secret"].includes(name));
  if (stranger !== undefined || url.username !== "" || url.password !== "")
    throw wrong(where, stranger === undefined ? "a user or password" : `the unknown ${JSON.stringify(stranger.slice(0, 40))}`, RFC2136);
  const zone = decodeURIComponent(url.pathname).replace(/^\//, "").replace(/\.$/, "").toLowerCase();
  if (!/^[a-z0-9._-]{0,253}$/.test(zone)) throw wrong(where, "what is no zone", RFC2136);
  const server = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 53 : Number(url.port);
  return { kind: "rfc2136", server, port, zone: zone === "" ? null : zone, key: tsigKey(where, url.searchParams, secret) };
}

/** Null: the server lets this address change it. */
function tsigKey(where: string, given: URLSearchParams, apart: Found | null): Extract<DnsHook, { kind: "rfc2136" }>["key"] {
  const name = given.get("key");
  // URLSearchParams makes a space of the plus in base64.
  const secret = apart?.value ?? given.get("secret")?.replaceAll(" ", "+") ?? null;
  if (given.has("secret") && !where.startsWith("ACME_")) throw wrong(where, "a secret in the settings file", RFC2136);
  if (name === null && secret === null) return null;
  if (name === null) throw wrong(where, "a secret without the name of its key", RFC2136);
  if (secret === null) throw wrong(where, `the key ${JSON.stringify(name.slice(0, 80))} without a secret`, RFC2136);
  const algorithm = ALGORITHMS.find((one) => one === (given.get("algorithm") ?? "hmac-sha256").toLowerCase());
  if (algorithm === undefined) throw wrong(where, "an unknown algorithm", `the algorithms ${ALGORITHMS.join(", ")}`);
  if (!/^[A-Za-z0-9._-]{1,253}$/.test(name)) throw wrong(where, "what is no name of a key", RFC2136);
  if (!/^[A-Za-z0-9+/]{16,}={0,2}$/.test(secret))
    throw wrong(apart?.where ?? where, `a secret of ${secret.length} characters that is no base64`, RFC2136);
  return { name, algorithm, secret };
}
