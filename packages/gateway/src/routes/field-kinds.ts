/** Kinds of values that targets and routes have in common: URLs, header lines, paths, limits, times. Each returns what is stored. */
import { isIP } from "node:net";
import { isReserved } from "../edge/http/headers/managed.ts";
import { networks, unmapped } from "./cidr.ts";
import { normalise } from "./path.ts";
import type { Reading } from "./reading.ts";
import type { LimitSpec, TimeoutSpec, Upstream } from "./spec.ts";

export const NO_TIMEOUTS: TimeoutSpec = { connect: 5000, response: 60_000, idle: 60_000 };
export const NO_LIMITS: LimitSpec = { body: null, rate: null, concurrent: null };

/** http or https, a host, perhaps a port and a path; nothing else. Addresses by which clouds tell their secrets are refused. */
export function readUrl(reading: Reading, value: unknown, field: string, { query = false } = {}): string {
  const text = reading.text(value, field, 2048);
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw reading.wrong(field, "a URL as http://127.0.0.1:9000", hideCredentials(text));
  if (url.username !== "" || url.password !== "") throw reading.error(`${field} must not have a user or password.`);
  if ((!query && /[?#]/.test(text)) || text.includes("#")) throw reading.wrong(field, "a URL without query and fragment", text);
  if (url.port === "0") throw reading.wrong(field, "a URL with a port from 1 to 65535", text);
  if (isMetadata(url.hostname))
    throw reading.wrong(field, "a URL of a host that is not link-local", text, "Clouds give out credentials there.");
  const path = normalise(url.pathname);
  if (typeof path !== "string") throw reading.error(`The path of ${field} is refused: ${path.problem}.`);
  return `${url.origin}${path === "/" ? "" : path}${url.search}`;
}

/** Several URLs are one upstream, so they have one path and one scheme. */
export function readUrls(reading: Reading, value: unknown, field: string): Upstream {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > 32) throw reading.wrong(field, "1 to 32 URLs", list.length);
  const urls = [...new Set(list.map((one, at) => readUrl(reading, one, Array.isArray(value) ? `${field}[${at}]` : field)))];
  const shapes = new Set(urls.map((url) => `${new URL(url).protocol} ${new URL(url).pathname}`));
  if (shapes.size > 1) throw reading.wrong(field, "URLs of one scheme and one path", urls.join(" "));
  return { kind: "url", urls };
}

export function readService(reading: Reading, value: unknown, field: string): Upstream & { kind: "service" } {
  const text = reading.text(value, field, 128);
  const [, service = "", port = null] = SERVICE.exec(text) ?? [];
  if (service === "") throw reading.wrong(field, "service or service:port", text);
  return { kind: "service", service, port };
}

/** A prefix as it is compared: normalised, without a slash at its end; whatever is not ASCII is escaped. */
export function readPath(reading: Reading, value: unknown, field: string, { prefix = true } = {}): string {
  const text = reading.text(value, field, 1024);
  if (!text.startsWith("/")) throw reading.wrong(field, "a path that begins with /", text);
  if (text.includes("?")) throw reading.wrong(field, "a path without query", text, "`query` matches a query.");
  const path = normalise(text.replaceAll(/[^\x21-\x7e]+/gu, encodeURIComponent));
  if (typeof path !== "string") throw reading.error(`${field} is refused: ${path.problem}.`);
  if (ENCODED_RESERVED.test(path)) throw reading.wrong(field, "a path without encoded reserved characters (%2F, %3B …)", text);
  return prefix && path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Names to values; null takes a header out. */
export function readHeaders(
  reading: Reading,
  value: unknown,
  field: string,
  refused: (name: string) => boolean,
): Record<string, string | null> {
  const entries = Object.entries(reading.record(value ?? {}, field));
  if (entries.length > 64) throw reading.wrong(field, "at most 64 headers", entries.length);
  for (const [name, content] of entries) {
    const where = `${field}.${name.slice(0, 60)}`;
    if (!TOKEN.test(name) || name.length > 128) throw reading.error(`${where} is no name of a header.`);
    if (refused(name))
      throw reading.error(
        `${where} cannot be set: it is written by the edge itself.`,
        "Framing, hop-by-hop, forwarding and identity headers are.",
      );
    if (content !== null && !VALUE.test(reading.text(content, where, 4096)))
      throw reading.wrong(where, "printable text on one line", content);
  }
  return Object.fromEntries(entries) as Record<string, string | null>;
}

export function isOwnHeader(name: string): boolean {
  return isReserved(name);
}

export function readCidrs(reading: Reading, value: unknown, field: string, canonical: (text: string) => string | null): string[] {
  return reading.texts(value, field, 1024, 64).map((text, at) => {
    const found = canonical(text);
    if (found === null) throw reading.wrong(`${field}[${at}]`, "an address or network as 10.0.0.0/8", text);
    return found;
  });
}

export function readLimits(reading: Reading, value: unknown, field: string, before: LimitSpec): LimitSpec {
  if (value === null) return NO_LIMITS;
  const fields = reading.object(value, field, ["body", "rate", "concurrent"]);
  return {
    body: reading.given(fields, "body", before.body, (one) => (one === null ? null : reading.whole(one, `${field}.body`, 0, 2 ** 50))),
    rate: reading.given(fields, "rate", before.rate, (one) => readRate(reading, one, `${field}.rate`)),
    concurrent: reading.given(fields, "concurrent", before.concurrent, (one) =>
      one === null ? null : reading.whole(one, `${field}.concurrent`, 1, 1_000_000),
    ),
  };
}

export function readTimeouts(reading: Reading, value: unknown, field: string, before: TimeoutSpec): TimeoutSpec {
  if (value === null) return NO_TIMEOUTS;
  const fields = reading.object(value, field, ["connect", "response", "idle"]);
  const read = (name: keyof TimeoutSpec): number =>
    reading.given(fields, name, before[name], (one) => reading.whole(one, `${field}.${name}`, 1, 86_400_000));
  return { connect: read("connect"), response: read("response"), idle: read("idle") };
}

// Private

const SERVICE = /^([a-z0-9][a-z0-9_-]{0,62})(?::([a-z0-9][a-z0-9_-]{0,31}))?$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/;
const ENCODED_RESERVED = /%(?:2[1346789ABCF]|3[ABDF]|40|5[BD])/;
const METADATA_NAMES = new Set(["metadata.google.internal", "metadata", "instance-data", "instance-data.ec2.internal"]);
const METADATA = networks(["169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "fe80::/10", "fd00:ec2::254/128"]);

function isMetadata(hostname: string): boolean {
  const host = hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  return METADATA_NAMES.has(host) || (isIP(host) !== 0 && METADATA.contains(unmapped(host)));
}

function hideCredentials(text: string): string {
  return text.replace(/\/\/[^/@]*@/, "//***@");
}

function readRate(reading: Reading, value: unknown, field: string): LimitSpec["rate"] {
  if (value === null) return null;
  const fields = reading.object(value, field, ["requests", "per", "burst"]);
  const requests = reading.whole(fields["requests"], `${field}.requests`, 1, 1_000_000);
  const per = reading.given(fields, "per", 1, (one) => reading.whole(one, `${field}.per`, 1, 86_400));
  return { requests, per, burst: reading.given(fields, "burst", requests, (one) => reading.whole(one, `${field}.burst`, 1, 1_000_000)) };
}
