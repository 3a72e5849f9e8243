/** Lists of targets and routes for people and spreadsheets, at the earlier systems' paths. */
import { z } from "zod";
import type { ProxyRouteAnswer, ProxyTargetAnswer } from "../contract.ts";
import { asText, FORMATS, MEDIA_TYPES, type Format, type TextColumn } from "./token-list.ts";

export { MEDIA_TYPES };

export const formatQuery = z.object({ format: z.enum(FORMATS).default("table") });

export function formattedTargets(targets: readonly ProxyTargetAnswer[], format: Format): string {
  return asText(targets, TARGET_COLUMNS, format);
}

export function formattedRoutes(routes: readonly ProxyRouteAnswer[], format: Format): string {
  return asText(routes, ROUTE_COLUMNS, format);
}

// Private

const TARGET_COLUMNS: readonly TextColumn<ProxyTargetAnswer>[] = [
  ["hostname", ({ hostname }) => hostname],
  ["target_url", ({ target_url, target_urls }) => (target_urls.length > 1 ? target_urls.join(" ") : target_url)],
  ["enabled", ({ enabled }) => String(enabled)],
  ["http", ({ http }) => http],
  ["https", ({ enable_https }) => String(enable_https)],
  ["cert_name", ({ cert_name }) => cert_name ?? ""],
  ["route_mode", ({ route_mode }) => route_mode],
  ["auth_enabled", ({ access }) => String(access !== null)],
  ["mode", ({ mode }) => mode],
  ["owner", ({ owner }) => owner],
];

const ROUTE_COLUMNS: readonly TextColumn<ProxyRouteAnswer>[] = [
  ["route_id", ({ route_id }) => route_id],
  ["path_pattern", ({ path_pattern }) => path_pattern],
  ["target_type", ({ target_type }) => target_type],
  ["target_value", ({ target_value }) => target_value],
  ["priority", ({ priority }) => String(priority)],
  ["methods", ({ methods }) => methods?.join(" ") ?? "*"],
  ["scope", ({ scope }) => scope],
  ["proxy_hostnames", ({ proxy_hostnames }) => proxy_hostnames.join(" ")],
  ["enabled", ({ enabled }) => String(enabled)],
  ["owner", ({ owner }) => owner],
];
