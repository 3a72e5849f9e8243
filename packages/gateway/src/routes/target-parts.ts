/** Parts of a target that have fields of their own: health checks, error pages, TLS to upstreams. */
import { X509Certificate } from "node:crypto";
import { hostName } from "./host.ts";
import { readPath } from "./field-kinds.ts";
import type { Reading } from "./reading.ts";
import type { HealthCheckSpec, TargetData } from "./spec.ts";

export function readHealth(reading: Reading, value: unknown, before: HealthCheckSpec | null): HealthCheckSpec | null {
  if (value === null || value === false) return null;
  const fields = reading.object(typeof value === "string" ? { path: value } : value, "health", Object.keys(HEALTH));
  const base = before ?? HEALTH;
  const whole = (name: "interval" | "timeout" | "passes" | "fails", most: number): number =>
    reading.given(fields, name, base[name], (one) => reading.whole(one, `health.${name}`, 1, most));
  return {
    path: reading.given(fields, "path", base.path, (one) => readPath(reading, one, "health.path", { prefix: false })),
    interval: whole("interval", 3600),
    timeout: whole("timeout", 300),
    passes: whole("passes", 100),
    fails: whole("fails", 100),
    status: reading.given(fields, "status", base.status, (one) => (one === null ? null : reading.whole(one, "health.status", 200, 599))),
  };
}

/** Statuses of 400 and more, each with a page. */
export function readErrorPages(reading: Reading, value: unknown): TargetData["error_pages"] {
  const pages = Object.entries(reading.record(value ?? {}, "error_pages"));
  for (const [status, html] of pages) {
    const where = `error_pages.${status.slice(0, 20)}`;
    if (!/^[45]\d\d$/.test(status)) throw reading.error(`${where}: a page belongs to a status from 400 to 599.`);
    const bytes = Buffer.byteLength(reading.text(html, where, PAGE));
    if (bytes > PAGE) throw reading.wrong(where, `at most ${PAGE} bytes`, bytes);
  }
  return Object.fromEntries(pages) as Record<string, string>;
}

export function readUpstreamTls(reading: Reading, value: unknown, before: TargetData["upstream_tls"]): TargetData["upstream_tls"] {
  const fields = reading.object(value ?? NO_TLS, "upstream_tls", Object.keys(NO_TLS));
  return {
    ca: reading.given(fields, "ca", before.ca, (one) => (one === null ? null : readAuthorities(reading, one))),
    server_name: reading.given(fields, "server_name", before.server_name, (one) => (one === null ? null : readServerName(reading, one))),
    insecure: reading.given(fields, "insecure", before.insecure, (one) => reading.truth(one, "upstream_tls.insecure")),
  };
}

// Private

const HEALTH: HealthCheckSpec = { path: "/", interval: 10, timeout: 5, passes: 2, fails: 3, status: null };
const NO_TLS: TargetData["upstream_tls"] = { ca: null, server_name: null, insecure: false };
const PAGE = 65_536;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function readAuthorities(reading: Reading, value: unknown): string {
  const pem = reading.text(value, "upstream_tls.ca", 1_048_576);
  const found = pem.match(CERTIFICATE) ?? [];
  if (found.length === 0 || pem.includes("PRIVATE KEY"))
    throw reading.wrong("upstream_tls.ca", "certificates in PEM form, without keys", "something else");
  if (!found.every(isCertificate)) throw reading.wrong("upstream_tls.ca", "certificates in PEM form", "a damaged one");
  return pem;
}

function readServerName(reading: Reading, value: unknown): string {
  const host = hostName(reading.text(value, "upstream_tls.server_name", 253));
  if (host === null) throw reading.wrong("upstream_tls.server_name", "a host name", value);
  return host;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== null;
  } catch {
    return false;
  }
}
