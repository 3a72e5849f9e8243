/** Sizes and rates as people write them, and back. Pure. */

const units: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `10m` as bytes; null: no limit; undefined: no size. */
export function sizeOf(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const [, amount, unit = ""] = /^(\d{1,12})\s*([kmg]?)i?b?$/i.exec(text.trim()) ?? [];
  return amount === undefined ? undefined : Number(amount) * (units[unit.toLowerCase()] ?? 1);
}

export function sizeText(size: number | null): string {
  if (size === null) return "";
  const unit = ["g", "m", "k"].find((one) => size > 0 && size % (units[one] ?? 1) === 0) ?? "";
  return `${size / (units[unit] ?? 1)}${unit}`;
}

export interface Rate {
  readonly requests: number;
  readonly per: number;
  readonly burst: number;
}

const times: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** `100/10s`, `5/s`, `100/m burst 20`; null: no limit; undefined: no rate. */
export function rateOf(text: string): Rate | null | undefined {
  if (text.trim() === "") return null;
  const [, requests, amount, unit = "s", burst] =
    /^(\d{1,7})\s*\/\s*(\d{0,5})\s*([smh])(?:\s+burst\s+(\d{1,7}))?$/i.exec(text.trim()) ?? [];
  if (requests === undefined) return undefined;
  const per = Number(amount || 1) * (times[unit.toLowerCase()] ?? 1);
  return { requests: Number(requests), per, burst: Number(burst ?? requests) };
}

export function rateText(rate: Rate | null): string {
  if (rate === null) return "";
  const unit = ["h", "m"].find((one) => rate.per % (times[one] ?? 1) === 0) ?? "s";
  const amount = rate.per / (times[unit] ?? 1);
  const burst = rate.burst === rate.requests ? "" : ` burst ${rate.burst}`;
  return `${rate.requests}/${amount === 1 ? "" : amount}${unit}${burst}`;
}
