/** A host as its forms hold it, and the request it becomes. Pure. An update names only what changed, so that what a form does not show stays. */
import type { ProxyTargetAnswer } from "tidegate/contract";
import { headerLines, headersOf, linesOf, listOf } from "./lines.ts";
import { rateOf, rateText, sizeOf, sizeText } from "./sizes.ts";

export interface HostDraft {
  host: string;
  /** URLs, one a line; `service:web` where `service` is empty and one was typed. */
  urls: string;
  /** Of the list; empty: URLs. */
  service: string;
  https: boolean;
  http: ProxyTargetAnswer["http"];
  certificate: string;
  keepsHost: boolean;
  policy: string;
  retries: string;
  health: string;
  body: string;
  rate: string;
  concurrent: string;
  /** Seconds. */
  connect: string;
  response: string;
  idle: string;
  headers: string;
  answerHeaders: string;
  compression: boolean;
  hold: string;
  description: string;
  errorPages: readonly ErrorPageDraft[];
  /** PEM; empty: those everybody trusts. */
  authority: string;
  /** Empty: the host of the URL. */
  serverName: string;
  unchecked: boolean;
}

/** What a visitor sees when the edge itself answers with the status. */
export interface ErrorPageDraft {
  status: string;
  html: string;
}

export type Request = Record<string, unknown>;
export type Made = { request: Request } | { fault: string };

export const blankHost: HostDraft = {
  host: "",
  urls: "",
  service: "",
  https: true,
  http: "redirect",
  certificate: "",
  keepsHost: true,
  policy: "p2c",
  retries: "2",
  health: "",
  body: "",
  rate: "",
  concurrent: "",
  connect: "5",
  response: "60",
  idle: "60",
  headers: "",
  answerHeaders: "",
  compression: false,
  hold: "30",
  description: "",
  errorPages: [],
  authority: "",
  serverName: "",
  unchecked: false,
};

export function draftOf(target: ProxyTargetAnswer): HostDraft {
  const { limits, timeouts, balance, health, upstream_tls: tls } = target;
  const isService = target.target_url.startsWith("service:");
  return {
    host: target.hostname,
    urls: isService ? "" : linesOf(target.target_urls.length > 0 ? target.target_urls : [target.target_url]),
    service: isService ? target.target_url.slice("service:".length) : "",
    https: target.enable_https,
    http: target.http,
    certificate: target.cert_name ?? "",
    keepsHost: target.preserve_host_header,
    policy: balance.policy,
    retries: String(balance.retries),
    health: typeof health?.["path"] === "string" ? health["path"] : "",
    body: sizeText(limits.body),
    rate: rateText(limits.rate),
    concurrent: limits.concurrent === null ? "" : String(limits.concurrent),
    connect: String(timeouts.connect / 1000),
    response: String(timeouts.response / 1000),
    idle: String(timeouts.idle / 1000),
    headers: headerLines(target.custom_headers),
    answerHeaders: headerLines(target.custom_response_headers),
    compression: target.compression,
    hold: String(target.hold),
    description: target.description,
    errorPages: Object.entries(target.error_pages).map(([status, html]) => ({ status, html })),
    authority: tls.ca ?? "",
    serverName: tls.server_name ?? "",
    unchecked: tls.insecure,
  };
}

/** The request, or the first thing that is wrong, in words. The server judges the rest. */
export function createRequest(draft: HostDraft): Made {
  if (draft.host.trim() === "") return { fault: "Give the host name that is to be served." };
  const fault = faultOf(draft);
  if (fault !== null) return { fault };
  const { target_url: url, target_urls: urls, http, enable_https: https, ...rest } = requestOf(draft);
  const place = url === undefined ? { target_urls: urls } : { target_url: url };
  return { request: { hostname: draft.host.trim(), ...place, enable_https: https, http, ...without(rest, requestOf(blankHost)) } };
}

/** Null: nothing changed. */
export function changeRequest(draft: HostDraft, before: HostDraft): { request: Request | null } | { fault: string } {
  const fault = faultOf(draft);
  if (fault !== null) return { fault };
  const request = without(requestOf(draft), requestOf(before));
  // What comes in is one decision.
  if ("enable_https" in request) request["http"] = draft.http;
  return { request: Object.keys(request).length === 0 ? null : request };
}

/** HTTPS off leaves HTTP as the only way in. */
export function withHttps(draft: HostDraft, https: boolean): Partial<HostDraft> {
  return { https, http: https ? (draft.http === "serve" ? "redirect" : draft.http) : "serve" };
}

// Private

function faultOf(draft: HostDraft): string | null {
  if (draft.service.trim() === "" && listOf(draft.urls).length === 0) return "Say where its requests go.";
  if (sizeOf(draft.body) === undefined) return "The largest body is a size as 512k or 10m, or empty for no limit.";
  if (rateOf(draft.rate) === undefined) return "The rate is as 100/10s or 5/s, or empty for no limit.";
  if (draft.concurrent.trim() !== "" && !isWhole(draft.concurrent, 1))
    return "Requests at the same time: a whole number above 0, or empty.";
  if (!isWhole(draft.retries, 0)) return "Tries after the first: a whole number.";
  if (!isWhole(draft.hold, 1)) return "Seconds to wait while paused: a whole number above 0.";
  for (const [label, value] of [
    ["to connect", draft.connect],
    ["to the first byte", draft.response],
    ["between bytes", draft.idle],
  ] as const)
    if (!(Number(value) > 0)) return `Seconds ${label}: a number above 0.`;
  if (headersOf(draft.headers) === null || headersOf(draft.answerHeaders) === null) return "Headers are lines as `X-Name: value`.";
  if (draft.authority.trim() !== "" && !draft.authority.includes("-----BEGIN CERTIFICATE-----"))
    return "The authority is a certificate in PEM form: -----BEGIN CERTIFICATE-----.";
  return pagesFault(draft.errorPages);
}

function pagesFault(pages: readonly ErrorPageDraft[]): string | null {
  const statuses = pages.map(({ status }) => status.trim());
  if (!statuses.every((status) => /^[45]\d\d$/.test(status))) return "An error page belongs to a status from 400 to 599.";
  const twice = statuses.find((status, at) => statuses.indexOf(status) < at);
  if (twice !== undefined) return `There are two error pages for ${twice}.`;
  return pages.some(({ html }) => html.trim() === "") ? "An error page needs its HTML; remove the row to have the usual one." : null;
}

function requestOf(draft: HostDraft): Request {
  const urls = listOf(draft.urls);
  const place = draft.service.trim() === "" ? { target_urls: urls.map(asUrl) } : { target_url: `service:${draft.service.trim()}` };
  return {
    ...place,
    enable_https: draft.https,
    http: draft.http,
    cert_name: draft.certificate.trim() || null,
    preserve_host_header: draft.keepsHost,
    balance: { policy: draft.policy, retries: Number(draft.retries) },
    health: draft.health.trim() === "" ? null : { path: draft.health.trim() },
    limits: {
      body: sizeOf(draft.body),
      rate: rateOf(draft.rate),
      concurrent: draft.concurrent.trim() === "" ? null : Number(draft.concurrent),
    },
    timeouts: { connect: millis(draft.connect), response: millis(draft.response), idle: millis(draft.idle) },
    custom_headers: headersOf(draft.headers),
    custom_response_headers: headersOf(draft.answerHeaders),
    compression: draft.compression,
    hold: Number(draft.hold),
    description: draft.description.trim(),
    error_pages: Object.fromEntries(draft.errorPages.map(({ status, html }) => [status.trim(), html])),
    upstream_tls: { ca: draft.authority.trim() || null, server_name: draft.serverName.trim() || null, insecure: draft.unchecked },
  };
}

/** `3000` and `localhost:3000` mean HTTP. */
function asUrl(text: string): string {
  if (/^\d{1,5}$/.test(text)) return `http://127.0.0.1:${text}`;
  return text.includes("://") ? text : `http://${text}`;
}

function millis(seconds: string): number {
  return Math.round(Number(seconds) * 1000);
}

function isWhole(text: string, least: number): boolean {
  return /^\d+$/.test(text.trim()) && Number(text) >= least;
}

/** What of `request` is not the same in `base`. */
function without(request: Request, base: Request): Request {
  return Object.fromEntries(Object.entries(request).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name])));
}
