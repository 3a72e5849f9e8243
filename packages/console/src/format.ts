/** Numbers, sizes and times as an operator reads them: short, aligned, with a unit. */
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

export function count(value: number): string {
  return whole.format(value);
}

/** For tight places: 12.3K. */
export function short(value: number): string {
  return value < 10_000 ? whole.format(value) : compact.format(value);
}

export function rate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 10) return perSecond.toFixed(1);
  return short(Math.round(perSecond));
}

export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Milliseconds as the two largest units: `320 ms`, `4.2 s`, `3m 10s`, `2h 5m`, `3d 4h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${Math.floor(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** For spans, where microseconds count: `0.24 ms`, `12.3 ms`, then as `duration`. */
export function spanTime(ms: number): string {
  if (ms >= 1000) return duration(ms);
  return `${ms >= 100 ? Math.round(ms) : ms >= 10 ? ms.toFixed(1) : Math.max(0, ms).toFixed(2)} ms`;
}

export function ago(at: number, now: number): string {
  const past = now - at;
  return past < 1500 ? "just now" : `${duration(past)} ago`;
}

export function dueIn(at: number, now: number): string {
  return at <= now ? "due now" : `in ${duration(at - now)}`;
}

/** Local wall time with milliseconds, because two messages of one second differ. */
export function clock(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

export function dateTime(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(at)}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** One line of a message's data. */
export function preview(data: unknown, limit = 160): string {
  const text = typeof data === "string" ? data : (JSON.stringify(data) ?? "null");
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

const inlineAtMost = 8;

/** `status=503 path=/orders`: as many fields as a line may hold. */
export function inlineFields(fields: Readonly<Record<string, unknown>>, wanted: (name: string, value: unknown) => boolean): string {
  return Object.entries(fields)
    .filter(([name, value]) => value !== null && value !== "" && wanted(name, value))
    .slice(0, inlineAtMost)
    .map(([name, value]) => `${name}=${isError(value) ? value.message : preview(value, 60)}`)
    .join(" ");
}

function isError(value: unknown): value is { message: string } {
  return typeof value === "object" && value !== null && "message" in value && typeof value.message === "string";
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
