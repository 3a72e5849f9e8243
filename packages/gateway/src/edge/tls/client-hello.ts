/**
 * Reads of a ClientHello (RFC 8446 §4.1.2, RFC 6066 §3) what decides which certificate is shown, before TLS itself begins: so that unknown names cost
 * nothing, and no callback runs inside of a handshake. Pure; any bytes get an answer. Everything else is left to the TLS library, which reads the same bytes.
 */
export type ClientHello =
  | { readonly kind: "more" }
  | { readonly kind: "bad" }
  /** `serverName` as sent. */
  | { readonly kind: "hello"; readonly serverName: string | null; readonly protocols: readonly string[] };

/** Of the message; those with post-quantum keys have two thousand bytes. */
const HELLO_LIMIT = 16_384;
/** Content type of a record that carries a handshake. */
export const HANDSHAKE = 22;

const MORE: ClientHello = { kind: "more" };
const BAD: ClientHello = { kind: "bad" };
const RECORD_HEAD = 5;
const MESSAGE_HEAD = 4;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const HOST_NAME = 0;

export function readClientHello(bytes: Buffer): ClientHello {
  const message = joinRecords(bytes);
  if (message === null || (message.length > 0 && message[0] !== CLIENT_HELLO)) return BAD;
  if (message.length < MESSAGE_HEAD) return MORE;
  const length = message.readUIntBE(1, 3);
  if (length > HELLO_LIMIT) return BAD;
  if (message.length < MESSAGE_HEAD + length) return MORE;
  return readFields(new Reader(message.subarray(MESSAGE_HEAD, MESSAGE_HEAD + length))) ?? BAD;
}

// Private

/** The handshake bytes that are there; null where it is no handshake. A message may be spread over several records. */
function joinRecords(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (; bytes.length - at >= RECORD_HEAD;) {
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3 || length === 0 || length > HELLO_LIMIT)
      return parts.length > 0 ? Buffer.concat(parts) : null;
    parts.push(bytes.subarray(at + RECORD_HEAD, at + RECORD_HEAD + length));
    at += RECORD_HEAD + length;
  }
  if (parts.length === 0 && bytes.length > 0 && bytes[0] !== HANDSHAKE) return null;
  return parts.length === 1 ? (parts[0] ?? null) : Buffer.concat(parts);
}

/** Null where a length does not fit. */
function readFields(reader: Reader): ClientHello | null {
  reader.skip(2 + 32);
  reader.block(1);
  reader.block(2);
  reader.block(1);
  if (!reader.good) return null;
  if (reader.left === 0) return { kind: "hello", serverName: null, protocols: [] };
  const extensions = reader.block(2);
  let serverName: string | null = null;
  let protocols: readonly string[] = [];
  while (extensions.good && extensions.left > 0) {
    const type = extensions.number(2);
    const body = extensions.block(2);
    if (type === SERVER_NAME) serverName ??= readName(body);
    else if (type === ALPN) protocols = readProtocols(body);
    if (!body.good) return null;
  }
  return reader.good && extensions.good ? { kind: "hello", serverName, protocols } : null;
}

function readName(body: Reader): string | null {
  const list = body.block(2);
  const type = list.number(1);
  const name = list.block(2);
  if (!list.good || !name.good) body.good = false;
  return body.good && type === HOST_NAME ? name.text() : null;
}

function readProtocols(body: Reader): string[] {
  const list = body.block(2);
  const found: string[] = [];
  while (list.good && list.left > 0) found.push(list.block(1).text());
  if (!list.good) body.good = false;
  return found;
}

/** Never reads beyond its bytes: what is too short makes it not good, and everything after that is empty. */
class Reader {
  good = true;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(count: number): void {
    if (count > this.left) this.good = false;
    else this.#at += count;
  }

  number(width: number): number {
    const from = this.#at;
    this.skip(width);
    return this.good ? this.#bytes.readUIntBE(from, width) : 0;
  }

  /** A part with its length of `width` bytes before it. */
  block(width: number): Reader {
    const length = this.number(width);
    const from = this.#at;
    this.skip(length);
    const part = new Reader(this.good ? this.#bytes.subarray(from, from + length) : Buffer.alloc(0));
    part.good = this.good;
    return part;
  }

  text(): string {
    return this.#bytes.toString("latin1", this.#at);
  }
}
