/**
 * UUIDv7 message ids (RFC 9562 §5.7). 66 random bits are drawn once per millisecond and 256 ids, the lowest eight bits count
 * (§6.2, method 2): randomness for each id was a tenth of a publish. The ids of one process sort by the millisecond of their creation.
 */
import { randomUUID } from "node:crypto";

const BYTE = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

let time = 0;
let head = "";
let count = 256;

export function newMessageId(): string {
  const now = Date.now();
  if (count > 255 || now > time) renew(now);
  return head + BYTE[count++];
}

// Private

/** The version-4 id brings the random bits and the variant at the same places. A clock set back does not turn the order around. */
function renew(now: number): void {
  time = Math.max(now, time);
  const hex = time.toString(16).padStart(12, "0");
  const next = `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15, 34)}`;
  head = next;
  count = 0;
}
