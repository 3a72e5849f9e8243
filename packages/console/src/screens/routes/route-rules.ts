/** What a route has of its own instead of its host's: who may pass, limits, timeouts. Pure. Empty: the host's. */
import type { ProxyRouteAnswer } from "tidegate/contract";
import { accessDraft, accessRequest, type AccessDraft } from "../proxy/access-draft.ts";
import type { Request } from "../proxy/host-draft.ts";
import { rateOf, rateText, sizeOf, sizeText } from "../proxy/sizes.ts";

export interface RouteRules {
  /** `both`: what the host wants, and this. `instead`: only this. */
  asks: "host" | "both" | "instead";
  access: AccessDraft;
  body: string;
  rate: string;
  concurrent: string;
  /** Seconds. */
  connect: string;
  response: string;
  idle: string;
}

export const blankRules: RouteRules = {
  asks: "host",
  access: accessDraft(null),
  body: "",
  rate: "",
  concurrent: "",
  connect: "",
  response: "",
  idle: "",
};

export function rulesOf({ access, override_access: instead, limits, timeouts }: ProxyRouteAnswer): RouteRules {
  const seconds = (ms: number | undefined): string => (ms === undefined ? "" : String(ms / 1000));
  return {
    asks: access === null ? "host" : instead ? "instead" : "both",
    access: accessDraft(access),
    body: sizeText(limits?.body ?? null),
    rate: rateText(limits?.rate ?? null),
    concurrent: limits === null || limits.concurrent === null ? "" : String(limits.concurrent),
    connect: seconds(timeouts?.connect),
    response: seconds(timeouts?.response),
    idle: seconds(timeouts?.idle),
  };
}

export function rulesFault({ asks, access, body, rate, concurrent, connect, response, idle }: RouteRules): string | null {
  if (sizeOf(body) === undefined) return "The largest body is a size as 512k or 10m, or empty for the host's.";
  if (rateOf(rate) === undefined) return "The rate is as 100/10s or 5/s, or empty for the host's.";
  if (concurrent.trim() !== "" && !/^[1-9]\d*$/.test(concurrent.trim()))
    return "Requests at the same time: a whole number above 0, or empty.";
  if ([connect, response, idle].some((text) => text.trim() !== "" && !(Number(text) > 0))) return "Timeouts are seconds above 0, or empty.";
  const made = asks === "host" ? null : accessRequest(access);
  return made !== null && "fault" in made ? made.fault : null;
}

export function ruleRequest(rules: RouteRules): Request {
  const { asks, access } = rules;
  const made = accessRequest(access);
  return {
    access: asks === "host" || "fault" in made ? null : made.request,
    override_access: asks === "instead",
    limits: limitsOf(rules),
    timeouts: timeoutsOf(rules),
  };
}

// Private

function limitsOf({ body, rate, concurrent }: RouteRules): Request | null {
  if ([body, rate, concurrent].every((text) => text.trim() === "")) return null;
  return { body: sizeOf(body), rate: rateOf(rate), concurrent: concurrent.trim() === "" ? null : Number(concurrent) };
}

/** Only those that are given: the others have their defaults. */
function timeoutsOf({ connect, response, idle }: RouteRules): Request | null {
  const given = Object.entries({ connect, response, idle }).filter(([, text]) => text.trim() !== "");
  return given.length === 0 ? null : Object.fromEntries(given.map(([name, text]) => [name, Math.round(Number(text) * 1000)]));
}
