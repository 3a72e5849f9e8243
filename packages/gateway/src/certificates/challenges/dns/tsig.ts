/** Signatures of DNS messages by a shared secret (RFC 8945): of what we send, and of what comes back. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { CLASS, decodeName, encodeName, encodeRecord, TYPE, uint16, uint32, type DnsMessage } from "./message.ts";

export interface TsigKey {
  readonly name: string;
  readonly algorithm: "hmac-sha256" | "hmac-sha512";
  readonly secret: Buffer;
}

export interface Signed {
  readonly bytes: Buffer;
  readonly mac: Buffer;
}

interface Tsig {
  /** Unix seconds. */
  readonly time: number;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly error: number;
  readonly other: Buffer;
}

/** Seconds the two clocks may differ (RFC 8945 §10). */
const FUDGE = 300;
const HASHES = { "hmac-sha256": "sha256", "hmac-sha512": "sha512" } as const;
const NOTHING = Buffer.alloc(0);
const ADDITIONAL_COUNT = 10;

/** `now`: Unix ms. */
export function sign(message: Buffer, key: TsigKey, now: number): Signed {
  const time = Math.floor(now / 1_000);
  const unsigned = { time, fudge: FUDGE, error: 0, other: NOTHING };
  const mac = digest(key, [message, variables(key, unsigned)]);
  const fixed = [encodeName(key.algorithm), uint48(time), uint16(FUDGE), uint16(mac.length), mac];
  const data = Buffer.concat([...fixed, message.subarray(0, 2), uint16(0), uint16(0)]);
  const record = encodeRecord({ name: key.name.toLowerCase(), type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data });
  const bytes = Buffer.concat([message, record]);
  bytes.writeUInt16BE(message.readUInt16BE(ADDITIONAL_COUNT) + 1, ADDITIONAL_COUNT);
  return { bytes, mac };
}

/** Of an answer that is refused because of the signature, which is not signed itself; 0: none. */
export function signatureError(message: DnsMessage): number {
  const record = message.additional.at(-1);
  return record?.type === TYPE.TSIG ? readTsig(record.data).error : 0;
}

/** Whether `answer` is that of somebody who has the key, to what was signed with `requestMac`. */
export function isSigned(answer: Buffer, message: DnsMessage, key: TsigKey, requestMac: Buffer, now: number): boolean {
  const record = message.additional.at(-1);
  if (record?.type !== TYPE.TSIG || record.name !== key.name.toLowerCase()) return false;
  const tsig = readTsig(record.data);
  const unsigned = Buffer.from(answer.subarray(0, record.at));
  unsigned.writeUInt16BE(message.additional.length - 1, ADDITIONAL_COUNT);
  const expected = digest(key, [uint16(requestMac.length), requestMac, unsigned, variables(key, tsig)]);
  if (tsig.mac.length !== expected.length || !timingSafeEqual(tsig.mac, expected)) return false;
  return Math.abs(now / 1_000 - tsig.time) <= Math.max(FUDGE, tsig.fudge);
}

// Private

/** RFC 8945 §4.3.3. */
function variables(key: TsigKey, { time, fudge, error, other }: Omit<Tsig, "mac">): Buffer {
  const of = [encodeName(key.name.toLowerCase()), uint16(CLASS.ANY), uint32(0), encodeName(key.algorithm)];
  return Buffer.concat([...of, uint48(time), uint16(fudge), uint16(error), uint16(other.length), other]);
}

function digest({ algorithm, secret }: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(HASHES[algorithm], secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** RFC 8945 §4.2; names in it are never compressed. */
function readTsig(data: Buffer): Tsig {
  const at = decodeName(data, 0).end;
  const size = data.readUInt16BE(at + 8);
  const after = at + 10 + size;
  const otherSize = data.readUInt16BE(after + 4);
  return {
    time: data.readUIntBE(at, 6),
    fudge: data.readUInt16BE(at + 6),
    mac: data.subarray(at + 10, after),
    error: data.readUInt16BE(after + 2),
    other: data.subarray(after + 6, after + 6 + otherSize),
  };
}

function uint48(value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}
