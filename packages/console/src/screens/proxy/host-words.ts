/** What the screens say about hosts: a state in a word, settings in sentences. Pure. */
import type { ProxyTargetAnswer } from "tidegate/contract";
import { bytes, plural } from "../../format.ts";
import type { Tone } from "../../parts/marks.tsx";
import { accessWords } from "./access-words.ts";

export type HostState = "open" | "paused" | "maintenance" | "off";

export const hostTones: Readonly<Record<HostState, Tone>> = { open: "good", paused: "warn", maintenance: "warn", off: "quiet" };

export function stateOf({ enabled, mode }: Pick<ProxyTargetAnswer, "enabled" | "mode">): HostState {
  return enabled ? mode : "off";
}

/** `HTTPS`, `HTTP`, `HTTP and HTTPS`, `HTTP → HTTPS`. */
export function schemesOf({ http, enable_https: https }: Pick<ProxyTargetAnswer, "http" | "enable_https">): string {
  if (!https) return http === "off" ? "nothing" : "HTTP";
  return http === "redirect" ? "HTTP → HTTPS" : http === "serve" ? "HTTP and HTTPS" : "HTTPS";
}

/** The name of the service it leads to; null where it leads to URLs. */
export function serviceOf(url: string): string | null {
  return /^service:([^:]+)/.exec(url)?.[1] ?? null;
}

/** Those that fit all words of the filter, in the order of their names. */
export function hostsThatFit(targets: readonly ProxyTargetAnswer[], filter: string): ProxyTargetAnswer[] {
  const words = filter.toLowerCase().split(/\s+/);
  const text = (t: ProxyTargetAnswer): string =>
    [t.hostname, t.target_url, ...t.target_urls, stateOf(t), schemesOf(t), t.owner, t.description].join(" ").toLowerCase();
  return targets
    .filter((target) => words.every((word) => text(target).includes(word)))
    .toSorted((a, b) => (a.hostname < b.hostname ? -1 : 1));
}

export interface Sentence {
  readonly about: string;
  readonly text: string;
}

/** Everything that is not as it would be unasked, and what everybody wants to know first. */
export function sentencesOf(target: ProxyTargetAnswer): Sentence[] {
  return [
    { about: "Comes in", text: comesIn(target) },
    { about: "Goes to", text: goesTo(target) },
    { about: "Access", text: accessWords(target.access) },
    { about: "Headers", text: headers(target) },
    { about: "Limits", text: limits(target.limits) },
    { about: "Timeouts", text: timeouts(target.timeouts) },
    { about: "Health", text: health(target.health) },
    { about: "Answers", text: answers(target) },
  ];
}

// Private

function comesIn({ http, enable_https: https, cert_name: cert }: ProxyTargetAnswer): string {
  const certificate = cert === null ? "with whichever certificate fits the name" : `with the certificate ${cert}`;
  if (!https) return "By HTTP only.";
  if (http === "redirect") return `By HTTPS ${certificate}; HTTP is sent there with 308.`;
  return http === "serve" ? `By HTTPS ${certificate}, and by HTTP.` : `By HTTPS only, ${certificate}.`;
}

const policies: Readonly<Record<string, string>> = {
  p2c: "each request to the less busy of two drawn by lot",
  least_connections: "each request to the least busy",
  round_robin: "in turn",
  cookie: "a visitor stays with one, by a cookie",
};

function goesTo({
  target_url: url,
  target_urls: urls,
  balance,
  preserve_host_header: keeps,
  upstream_tls: tls,
}: ProxyTargetAnswer): string {
  const service = serviceOf(url);
  const place = service === null ? urls.join(", ") || url : `the service ${url.slice("service:".length)}`;
  const shared = urls.length > 1 ? `, ${policies[balance.policy] ?? balance.policy}` : "";
  const host = keeps ? "It sees the client's Host" : "It sees its own Host";
  const check = tls.insecure
    ? "; its certificate is not checked"
    : tls.ca === null
      ? ""
      : "; its certificate is checked against an authority of its own";
  return `To ${place}${shared}. ${host}${check}. ${balance.retries === 0 ? "Nothing is tried again" : `What fails is tried again up to ${times(balance.retries)}, where that does no harm`}.`;
}

/** As it was set: whole seconds stay seconds. */
function span(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}

function times(n: number): string {
  return n === 1 ? "once" : `${n} times`;
}

function headers({ custom_headers: sent, custom_response_headers: answered }: ProxyTargetAnswer): string {
  const parts = [...headerWords(sent, "requests"), ...headerWords(answered, "answers")];
  return parts.length === 0 ? "As they come, beside the forwarding ones." : `${parts.join("; ")}.`;
}

function headerWords(given: Readonly<Record<string, string | null>>, where: string): string[] {
  const names = (wanted: boolean): string[] => Object.keys(given).filter((name) => (given[name] !== null) === wanted);
  const [set, removed] = [names(true), names(false)];
  return [
    ...(set.length === 0 ? [] : [`${set.join(", ")} set in ${where}`]),
    ...(removed.length === 0 ? [] : [`${removed.join(", ")} taken out of ${where}`]),
  ];
}

/** Null: no limit at all. */
function limitWords({ body, rate, concurrent }: ProxyTargetAnswer["limits"]): string | null {
  const parts = [
    body === null ? null : `bodies of at most ${bytes(body).replace(".0 ", " ")}`,
    rate === null
      ? null
      : `${plural(rate.requests, "request")} in ${span(rate.per * 1000)} for each client${rate.burst === rate.requests ? "" : `, ${rate.burst} at once`}`,
    concurrent === null ? null : `${plural(concurrent, "request")} of a client at the same time`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}

function limits(given: ProxyTargetAnswer["limits"]): string {
  const words = limitWords(given);
  return words === null ? "None." : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function timeouts({ connect, response, idle }: ProxyTargetAnswer["timeouts"]): string {
  return `${span(connect)} to connect, ${span(response)} to the first byte of the answer, ${span(idle)} between bytes.`;
}

function health(check: ProxyTargetAnswer["health"]): string {
  if (check === null) return "Judged by its answers only: after 3 failures in 10 s nobody is sent there for 10 s.";
  const { path, interval } = check as { path?: string; interval?: number };
  return `Asked at ${path ?? "/"} every ${interval ?? 10} s, and judged by its answers.`;
}

function answers({ compression, error_pages: pages }: ProxyTargetAnswer): string {
  const own = Object.keys(pages);
  return `${compression ? "Text is compressed" : "Passed on as they are"}${own.length === 0 ? "" : `; pages of its own for ${own.join(", ")}`}.`;
}
