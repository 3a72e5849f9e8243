/** What preflight found out about one name. */

export type Check = "address" | "caa" | "port-80" | "port-443" | "dns-hook";

export interface Finding {
  /** As in the request. */
  readonly domain: string;
  readonly check: Check;
  readonly ok: boolean;
  /** `error`: a CA would say no. `warning`: it might, or it cannot be told from here. */
  readonly severity: "error" | "warning";
  readonly message: string;
  /** What to do; empty where all is well. */
  readonly hint: string;
}

export function good(domain: string, check: Check, message: string): Finding {
  return { domain, check, ok: true, severity: "warning", message, hint: "" };
}

export function bad(domain: string, check: Check, severity: Finding["severity"], message: string, hint: string): Finding {
  return { domain, check, ok: false, severity, message, hint };
}
