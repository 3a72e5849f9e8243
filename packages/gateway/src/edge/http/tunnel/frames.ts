/**
 * Where WebSocket frames end in one direction of a tunnel: only there a frame of ours may be put. Looks at headers, never at what is said, but for the
 * code of a Close. RFC 6455 §5.2.
 */
const CLOSE = 8;
const MOST_HEADER = 14;

export class Frames {
  /** Of a Close that came by; null: none so far, 1005: one without a code. */
  closeCode: number | null = null;
  /** A frame that cannot be: from here on boundaries are not known. */
  broken = false;
  /** Bytes of the current payload that are still to come. */
  #left = 0;
  readonly #header = Buffer.alloc(MOST_HEADER);
  #read = 0;
  #close: { readonly mask: Buffer | null; code: number; seen: number } | null = null;

  /** Nothing of a frame is under way. */
  get atBoundary(): boolean {
    return this.#left === 0 && this.#read === 0;
  }

  /** Bytes of `chunk` up to the last boundary in it; 0 where there is none. */
  feed(chunk: Buffer): number {
    let boundary = 0;
    for (let at = 0; at < chunk.length && !this.broken;) {
      at = this.#left > 0 ? this.#payload(chunk, at) : this.#head(chunk, at);
      if (this.atBoundary) boundary = at;
    }
    return boundary;
  }

  // Private

  #payload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    if (this.#close !== null) for (let byte = at; byte < end && this.#close.seen < 2; byte += 1) this.#codeByte(chunk[byte] as number);
    this.#left -= end - at;
    if (this.#left === 0) this.#ended();
    return end;
  }

  #head(chunk: Buffer, at: number): number {
    this.#header[this.#read] = chunk[at] as number;
    this.#read += 1;
    const size = headerSize(this.#header, this.#read);
    if (size === null || this.#read < size) return at + 1;
    const length = payloadLength(this.#header);
    if (length > Number.MAX_SAFE_INTEGER) this.broken = true;
    this.#left = Number(length);
    const masked = ((this.#header[1] as number) & 0x80) !== 0;
    if (((this.#header[0] as number) & 0x0f) === CLOSE) {
      const mask = masked ? Buffer.from(this.#header.subarray(size - 4, size)) : null;
      this.#close = { mask, code: 0, seen: 0 };
    }
    this.#read = 0;
    if (this.#left === 0) this.#ended();
    return at + 1;
  }

  #codeByte(byte: number): void {
    const close = this.#close;
    if (close === null) return;
    const plain = close.mask === null ? byte : byte ^ (close.mask[close.seen] as number);
    close.code = close.code * 256 + plain;
    close.seen += 1;
  }

  #ended(): void {
    if (this.#close === null) return;
    this.closeCode ??= this.#close.seen === 2 ? this.#close.code : 1005;
    this.#close = null;
  }
}

/** `mask`: as clients must. */
export function closeFrame(code: number, mask: boolean): Buffer {
  const key = mask ? [0x37, 0xfa, 0x21, 0x3d] : [];
  const body = [code >> 8, code & 255].map((byte, at) => byte ^ (key[at] ?? 0));
  return Buffer.from([0x88, (mask ? 0x80 : 0) | body.length, ...key, ...body]);
}

// Private

/** Null: too little was read to know. */
function headerSize(header: Buffer, read: number): number | null {
  if (read < 2) return null;
  const second = header[1] as number;
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
}

function payloadLength(header: Buffer): bigint {
  const length = (header[1] as number) & 0x7f;
  if (length < 126) return BigInt(length);
  return length === 126 ? BigInt(header.readUInt16BE(2)) : header.readBigUInt64BE(2);
}
