/** Numbers and times inside sentences. */

export function took(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 1) return "less than 1 ms";
  if (milliseconds < 1_000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 60_000) return `${trimmed(milliseconds / 1_000)} s`;
  if (milliseconds < 3_600_000) return `${trimmed(milliseconds / 60_000)} min`;
  return milliseconds < 86_400_000 ? `${trimmed(milliseconds / 3_600_000)} h` : `${trimmed(milliseconds / 86_400_000)} days`;
}

/** `1 message`, `1,200 messages`. */
export function many(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** `2026-11-21 15:03:18 UTC`; of today only the time. */
export function moment(at: number, now: number): string {
  const text = new Date(at).toISOString();
  const [day, time] = [text.slice(0, 10), text.slice(11, 19)];
  return day === new Date(now).toISOString().slice(0, 10) ? `${time} UTC` : `${day} ${time} UTC`;
}

/** `SINK_DOWN: connection refused`; without a code that says nothing, or that the text says as well. */
export function reason(code: string | null, error: string | null): string {
  const text = (error ?? "").split("\n")[0]?.slice(0, 300) ?? "";
  if (code === null || code === "" || code === "HANDLER_FAILED" || text.includes(code)) return text === "" ? "it does not say why" : text;
  return text === "" ? code : `${code}: ${text}`;
}

// Private

function trimmed(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value));
}
