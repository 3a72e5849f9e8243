/** Stored data as it may be shown: what is sealed, hashed or called a secret stands as `***`. */
import { isSealed } from "@tidegate/gateway";

const SECRET = /(^|_)(hash|hashes|password|passwd|secret|private_key|api_?key)$/i;
const HIDDEN = "***";

export function withoutSecrets(value: unknown, name = ""): unknown {
  if (isSealed(value)) return HIDDEN;
  if (Array.isArray(value)) return value.map((one) => withoutSecrets(one, name));
  if (typeof value === "string") return SECRET.test(name) && value !== "" ? HIDDEN : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutSecrets(one, key)]));
}
