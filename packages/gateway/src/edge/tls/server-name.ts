/** Host names as TLS clients send them, and which of them are for development. Pure; never throws. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const LONGEST = 253;

/** Lower case, without trailing dot; null for what is no host name (RFC 6066 §3 allows no IP addresses). */
export function normalName(sent: string): string | null {
  if (sent.length > LONGEST + 1) return null;
  const name = (sent.endsWith(".") ? sent.slice(0, -1) : sent).toLowerCase();
  if (name.length === 0 || name.length > LONGEST) return null;
  const labels = name.split(".");
  if (!labels.every((label) => LABEL.test(label))) return null;
  return /^\d+$/.test(labels.at(-1) ?? "") ? null : name;
}

/** The top-level names that are never public (RFC 2606, RFC 6761, and `internal` by ICANN's resolution of 2024-07-29). */
export const LOCAL_DOMAINS = ["localhost", "test", "internal"] as const;

/** `localhost` and everything below the names above. */
export function isLocalName(name: string): boolean {
  return name === "localhost" || LOCAL_DOMAINS.some((domain) => name.endsWith(`.${domain}`));
}
