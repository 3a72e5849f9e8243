/** Lists of networks, asked per request: IPv4 by binary search over merged ranges, IPv6 by the system's list. Mapped addresses count as IPv4. */
import { BlockList, isIP } from "node:net";

export interface Networks {
  /** False for what is no address. */
  contains(address: string): boolean;
}

/** Canonical form, `10.0.0.0/8`; a single address gets its full length. Null: it is none, or it has bits behind its prefix. */
export function cidr(text: string): string | null {
  const [address = "", length, ...rest] = text.split("/");
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (family === 0 || address.includes("%") || rest.length > 0 || bits < 0 || bits > most) return null;
  const inner = unmapped(address);
  if (inner === address) return `${address.toLowerCase()}/${bits}`;
  return bits >= 96 ? `${inner}/${bits - 96}` : null;
}

/** Of what `cidr` returned. */
export function networks(list: readonly string[]): Networks {
  const six = new BlockList();
  const ranges: [from: number, to: number][] = [];
  for (const one of list) {
    const [address = "", bits = ""] = one.split("/");
    if (isIP(address) === 4) ranges.push(range(address, Number(bits)));
    else six.addSubnet(address, Number(bits), "ipv6");
  }
  const merged = merge(ranges);
  return { contains: (address) => within(address, merged, six) };
}

/** `::ffff:192.0.2.1` as `192.0.2.1`, also in hexadecimal; everything else as it is. */
export function unmapped(address: string): string {
  const tail = MAPPED.exec(address)?.[1];
  if (tail === undefined || tail.includes(".")) return tail ?? address;
  const [high = "", low = ""] = tail.split(":");
  const value = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
}

// Private

const MAPPED = /^(?:::|(?:0{1,4}:){5})ffff:(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}:[0-9a-f]{1,4})$/i;

function within(address: string, ranges: readonly (readonly [number, number])[], six: BlockList): boolean {
  const plain = address.includes(":") ? unmapped(address.replace(/%.*$/, "")) : address;
  const family = isIP(plain);
  if (family === 0) return false;
  return family === 4 ? inRanges(number(plain), ranges) : six.check(plain, "ipv6");
}

function inRanges(value: number, ranges: readonly (readonly [number, number])[]): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, to] = ranges[middle] as readonly [number, number];
    if (value < from) high = middle - 1;
    else if (value > to) low = middle + 1;
    else return true;
  }
  return false;
}

function range(address: string, bits: number): [number, number] {
  const size = 2 ** (32 - bits);
  const from = Math.floor(number(address) / size) * size;
  return [from, from + size - 1];
}

function merge(ranges: [number, number][]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.sort(([one], [other]) => one - other)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function number(address: string): number {
  let value = 0;
  let part = 0;
  for (let at = 0; at < address.length; at += 1) {
    const code = address.charCodeAt(at);
    if (code === 0x2e) {
      value = value * 256 + part;
      part = 0;
    } else part = part * 10 + code - 0x30;
  }
  return value * 256 + part;
}
