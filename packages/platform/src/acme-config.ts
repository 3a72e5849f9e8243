/**
 * The settings of certificates: which CAs are asked, with which account, and who writes DNS records. A hook runs a program or has a secret, so both are the
 * operator's alone: no request ever names one. Secrets are taken from the environment only and are never printed.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { AcmeSettings, Authority } from "@tidegate/gateway";
import { dnsHook } from "./acme-dns-config.ts";
import { messageOf } from "./errors.ts";
import { wrong, type Found, type PickSetting } from "./setting.ts";

/** Names in the settings file. */
export const ACME_FILE_KEYS = [
  "acmeCaFile",
  "acmeDirectoryUrl",
  "acmeDnsExec",
  "acmeDnsRfc2136",
  "acmeDnsWebhook",
  "acmeEabKid",
  "acmeEmail",
  "acmeHttpPort",
  "acmePublicAddresses",
  "acmeStagingUrl",
] as const;
type Pick = PickSetting<(typeof ACME_FILE_KEYS)[number]>;

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
const LETS_ENCRYPT_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory";
/** More than any bundle of a CA's own roots. */
const LARGEST_CA_FILE = 1024 * 1024;

/** `folder`: where relative paths begin. */
export function acmeSettings(pick: Pick, folder: string): AcmeSettings {
  return {
    authorities: authoritiesOf(pick),
    trusted: trustedOf(pick("ACME_CA_FILE", "acmeCaFile"), folder),
    email: emailOf(pick("ACME_EMAIL", "acmeEmail")),
    dns: dnsHook(pick, folder),
    publicAddresses: addressesOf(pick("ACME_PUBLIC_ADDRESSES", "acmePublicAddresses")),
    httpPort: portOf(pick("ACME_HTTP_PORT", "acmeHttpPort")),
  };
}

// Private

/** The first has the external account: who has several with one each asks by `directory_url`. */
function authoritiesOf(pick: Pick): Authority[] {
  const found = pick("ACME_DIRECTORY_URL", "acmeDirectoryUrl");
  const directories = found === null ? [LETS_ENCRYPT] : partsOf(found).map((url) => directory(found, url));
  if (found !== null && new Set(directories).size < directories.length) throw wrong(found.where, "a directory twice", "each CA once");
  const staging = stagingOf(pick("ACME_STAGING_URL", "acmeStagingUrl"), directories);
  const eab = eabOf(pick("ACME_EAB_KID", "acmeEabKid"), pick("ACME_EAB_HMAC_KEY", null));
  return directories.map((directoryUrl, at) => ({ directoryUrl, stagingUrl: staging[at] ?? null, eab: at === 0 ? eab : null }));
}

function stagingOf(found: Found | null, directories: readonly string[]): (string | null)[] {
  if (found === null) return directories.map((url) => (url === LETS_ENCRYPT ? LETS_ENCRYPT_STAGING : null));
  const given = partsOf(found);
  if (given.length > directories.length)
    throw wrong(found.where, `${given.length} directories for ${directories.length}`, "one for each of ACME_DIRECTORY_URL, in its order");
  return given.map((url) => (url === "" ? null : directory(found, url)));
}

function directory(found: Found, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && url.protocol === "https:" && url.username === "" && url.password === "" && url.hash === "") return text;
  // What comes before an @ may be a password.
  throw wrong(
    found.where,
    JSON.stringify(text.replace(/\/\/.*@/, "//***@")),
    `https addresses of CAs' directories with commas between them, as ${LETS_ENCRYPT}`,
  );
}

function eabOf(kid: Found | null, hmac: Found | null): Authority["eab"] {
  if (kid === null && hmac === null) return null;
  if (kid === null) throw wrong("ACME_EAB_HMAC_KEY", "it without ACME_EAB_KID", "both, as the CA gave them");
  if (hmac === null) throw wrong(kid.where, "it without ACME_EAB_HMAC_KEY", "both, as the CA gave them");
  const hmacKey = hmac.value.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (/^[\w-]{16,1024}$/.test(hmacKey)) return { kid: kid.value, hmacKey };
  throw wrong(hmac.where, `a text of ${hmac.value.length} characters`, "the key as the CA gave it: base64url, 16 characters and more");
}

function trustedOf(found: Found | null, folder: string): string | null {
  if (found === null) return null;
  const path = resolve(folder, found.value);
  const pem = read(path, found.where);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > 0 && blocks.every(isCertificate)) return blocks.map((block) => `${block}\n`).join("");
  const what = blocks.length === 0 ? "no certificate" : "a certificate that cannot be read";
  throw wrong(found.where, `${what} in ${path}`, "a PEM file of the roots to trust, each between BEGIN CERTIFICATE and END CERTIFICATE");
}

function read(path: string, where: string): string {
  try {
    const { size } = statSync(path);
    if (size <= LARGEST_CA_FILE) return readFileSync(path, "utf8");
  } catch (error) {
    throw wrong(where, `a file that cannot be read: ${messageOf(error)}`, "the path of a PEM file");
  }
  throw wrong(where, `a larger file: ${path}`, "a PEM file of up to 1 MiB");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function emailOf(found: Found | null): string | null {
  if (found === null) return null;
  if (
    found.value.length <= 254 &&
    /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z]{2,63}$/.test(found.value)
  )
    return found.value;
  throw wrong(found.where, JSON.stringify(found.value.slice(0, 80)), "one address, as admin@example.org");
}

function addressesOf(found: Found | null): string[] {
  if (found === null) return [];
  const given = found.value.split(/[\s,"[\]]+/).filter((one) => one !== "");
  const odd = given.find((one) => one.length > 253 || !/^[A-Za-z0-9.:-]+$/.test(one));
  if (odd === undefined) return given.map((one) => one.toLowerCase());
  throw wrong(
    found.where,
    JSON.stringify(odd.slice(0, 80)),
    "names and addresses with commas between them, as 203.0.113.7,lb.example.org; without ports",
  );
}

function portOf(found: Found | null): number {
  if (found === null) return 80;
  const port = /^\d{1,5}$/.test(found.value) ? Number(found.value) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw wrong(found.where, JSON.stringify(found.value.slice(0, 80)), "a port from 1 to 65535; the CA always asks at 80");
}

/** A list of the settings file comes as JSON. What is empty stays: it stands for "none" at its place. */
function partsOf({ value }: Found): string[] {
  return value
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((part) => part.trim().replace(/^"|"$/g, ""));
}
