/**
 * DNS messages (RFC 1035 §4, RFC 2136 §2), as far as challenges need them: written without compression, read from anybody. Names are lower case ASCII
 * without trailing dot; the root is "". Reading throws `BadMessage` and nothing else.
 */
export const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, TSIG: 250 } as const;
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;
export const RCODE = { NOERROR: 0, NXDOMAIN: 3 } as const;

/** In RFC 2136's words: of the zone, prerequisite, update and additional section. */
export interface OutgoingMessage {
  readonly id: number;
  readonly flags: number;
  readonly questions: readonly Question[];
  readonly updates?: readonly OutgoingRecord[];
}

export interface Question {
  readonly name: string;
  readonly type: number;
}

export interface OutgoingRecord extends Question {
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  readonly data: Buffer;
}

export interface ReadRecord extends OutgoingRecord {
  /** Where it begins in the message. */
  readonly at: number;
  /** What NS and CNAME lead to; "" for others. */
  readonly target: string;
}

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly truncated: boolean;
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ReadRecord[];
  readonly authority: readonly ReadRecord[];
  readonly additional: readonly ReadRecord[];
}

export class BadMessage extends Error {
  override readonly name = "BadMessage";
}

const HEAD_BYTES = 12;
const MOST_LABEL = 63;
const MOST_NAME = 255;
const MOST_RECORDS = 1_000;
const POINTER = 0xc0;

/** RFC 1035 §3.1. Throws for what is no name. */
export function encodeName(name: string): Buffer {
  const labels = name === "" ? [] : name.split(".").map((label) => Buffer.from(label, "latin1"));
  if (labels.some(({ length }) => length === 0 || length > MOST_LABEL)) throw new BadMessage(`${name} is no name of DNS`);
  const encoded = Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.alloc(1)]);
  if (encoded.length > MOST_NAME) throw new BadMessage(`${name} is longer than a name of DNS may be`);
  return encoded;
}

export function encodeMessage({ id, flags, questions, updates = [] }: OutgoingMessage): Buffer {
  const head = [id, flags, questions.length, 0, updates.length, 0].map(uint16);
  const asked = questions.flatMap(({ name, type }) => [encodeName(name), uint16(type), uint16(CLASS.IN)]);
  return Buffer.concat([...head, ...asked, ...updates.map(encodeRecord)]);
}

export function encodeRecord({ name, type, class: of, ttl, data }: OutgoingRecord): Buffer {
  return Buffer.concat([encodeName(name), uint16(type), uint16(of), uint32(ttl), uint16(data.length), data]);
}

/** One TXT record of one value (RFC 1035 §3.3.14). */
export function encodeText(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length > 255) throw new BadMessage("a text of DNS has at most 255 bytes");
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** The parts of a TXT record, joined as validators join them. */
export function textOf({ data }: ReadRecord): string {
  const parts: string[] = [];
  for (let at = 0; at < data.length; at += 1 + (data[at] ?? 0)) parts.push(data.toString("latin1", at + 1, at + 1 + (data[at] ?? 0)));
  return parts.join("");
}

export function decodeMessage(bytes: Buffer): DnsMessage {
  try {
    return read(bytes);
  } catch (error) {
    throw error instanceof BadMessage ? error : new BadMessage("it is cut off", { cause: error });
  }
}

/** From `at`; where it ends in the message. */
export function decodeName(bytes: Buffer, at: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let from = at;
  let end = -1;
  for (let length = bytes.readUInt8(from); length !== 0; length = bytes.readUInt8(from)) {
    if (length >= POINTER) {
      const to = bytes.readUInt16BE(from) & 0x3fff;
      if (end < 0) end = from + 2;
      // Only ever backwards, so that it ends.
      if (to >= from) throw new BadMessage("a name leads forward");
      from = to;
    } else {
      if (length > MOST_LABEL || from + 1 + length > bytes.length) throw new BadMessage("a label is too long");
      labels.push(bytes.toString("latin1", from + 1, from + 1 + length).toLowerCase());
      from += 1 + length;
    }
    if (labels.length > MOST_NAME / 2) throw new BadMessage("a name is too long");
  }
  return { name: labels.join("."), end: end < 0 ? from + 1 : end };
}

export function uint16(value: number): Buffer {
  return Buffer.from([(value >> 8) & 0xff, value & 0xff]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

// Private

function read(bytes: Buffer): DnsMessage {
  const flags = bytes.readUInt16BE(2);
  const counts = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at)) as [number, number, number, number];
  if (counts.reduce((sum, count) => sum + count) > MOST_RECORDS) throw new BadMessage("it has too many records");
  let at = HEAD_BYTES;
  const questions = Array.from({ length: counts[0] }, () => {
    const { name, end } = decodeName(bytes, at);
    at = end + 4;
    return { name, type: bytes.readUInt16BE(end) };
  });
  const section = (count: number): ReadRecord[] =>
    Array.from({ length: count }, () => {
      const { record, end } = readRecord(bytes, at);
      at = end;
      return record;
    });
  const [answers, authority, additional] = [section(counts[1]), section(counts[2]), section(counts[3])];
  const [response, truncated] = [(flags & 0x8000) !== 0, (flags & 0x0200) !== 0];
  return { id: bytes.readUInt16BE(0), response, truncated, rcode: flags & 0x0f, questions, answers, authority, additional };
}

function readRecord(bytes: Buffer, at: number): { readonly record: ReadRecord; readonly end: number } {
  const { name, end: head } = decodeName(bytes, at);
  const type = bytes.readUInt16BE(head);
  const from = head + 10;
  const end = from + bytes.readUInt16BE(head + 8);
  if (end > bytes.length) throw new BadMessage("a record is cut off");
  const target = type === TYPE.NS || type === TYPE.CNAME ? decodeName(bytes, from).name : "";
  const record = { name, type, class: bytes.readUInt16BE(head + 2), ttl: bytes.readUInt32BE(head + 4) };
  return { record: { ...record, data: bytes.subarray(from, end), at, target }, end };
}
