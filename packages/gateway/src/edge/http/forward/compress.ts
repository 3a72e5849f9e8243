/**
 * Answers made smaller on their way, where the target wants it: text of 1 KiB or more, or of unknown length, that is not encoded already, may be
 * transformed, and is asked for by a client that takes gzip or brotli.
 */
import { type BrotliCompress, constants, createBrotliCompress, createGzip, type Gzip } from "node:zlib";
import type { EdgeRequest } from "../exchange.ts";
import type { Fields } from "../wire/fields.ts";
import type { ResponseHead } from "../wire/response-head.ts";

export type Encoding = "br" | "gzip";

/** Below this the client's next packet is as full as before. */
const SMALLEST = 1_024;
const TEXT =
  /^(?:text\/|application\/(?:json|javascript|xml|wasm|manifest\+json|ld\+json|[\w.-]+\+(?:json|xml)|x-ndjson)|image\/svg\+xml|font\/(?:ttf|otf))/i;

/** Whether the answer is one of another encoding for other clients. */
export function isCompressible(request: EdgeRequest, { status, length, fields }: ResponseHead): boolean {
  if (request.method === "HEAD" || request.minor === 0 || status < 200 || status > 299 || status === 206) return false;
  if (length >= 0 && length < SMALLEST) return false;
  const type = fields.get("content-type") ?? "";
  if (!TEXT.test(type) || isEventStream(type) || fields.get("content-encoding") !== undefined) return false;
  return !/no-transform/i.test(fields.get("cache-control") ?? "");
}

export function isEventStream(type: string | undefined): boolean {
  return type?.slice(0, 17).toLowerCase() === "text/event-stream";
}

/** What the client takes. Null: nothing of ours. */
export function encodingFor({ fields }: EdgeRequest): Encoding | null {
  const accepted = fields.get("accept-encoding")?.toLowerCase() ?? "";
  if (takes(accepted, "br")) return "br";
  return takes(accepted, "gzip") ? "gzip" : null;
}

/** About the bytes as they were. */
const OF_THE_PLAIN_FORM: readonly string[] = ["etag", "accept-ranges", "content-md5", "digest", "content-digest"];

/** Marks the lines that are not true of the compressed form; returns those that are. */
export function encodedFields(fields: Fields, encoding: Encoding): string {
  const tag = fields.get("etag");
  for (const name of OF_THE_PLAIN_FORM) fields.nominate(name);
  const weak = tag === undefined ? "" : `ETag: ${tag.startsWith("W/") ? tag : `W/${tag}`}\r\n`;
  return `Content-Encoding: ${encoding}\r\n${weak}`;
}

/** Those that are true of the compressed form as well. */
export function encodedTrailers(trailers: Fields | null): string {
  return trailers?.without(0, OF_THE_PLAIN_FORM) ?? "";
}

export const VARY = "Vary: Accept-Encoding\r\n";

export interface CompressorSink {
  /** False: no more until `resume()`. */
  onCompressed(chunk: Buffer): boolean;
  /** It takes more. */
  onRoom(): void;
  onCompressedEnd(): void;
}

export class Compressor {
  readonly #stream: BrotliCompress | Gzip;
  /** Each read goes out at once: somebody may wait for it. */
  readonly #live: boolean;

  constructor(encoding: Encoding, live: boolean, sink: CompressorSink) {
    this.#live = live;
    this.#stream =
      encoding === "gzip" ? createGzip({ level: 5 }) : createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
    this.#stream.on("data", (chunk: Buffer) => {
      if (!sink.onCompressed(chunk)) this.#stream.pause();
    });
    this.#stream.on("drain", () => sink.onRoom()).on("end", () => sink.onCompressedEnd());
  }

  write(chunk: Buffer): void {
    this.#stream.write(Buffer.from(chunk));
  }

  /** After each read. False: no more until `onRoom`. */
  flush(): boolean {
    if (this.#live) this.#stream.flush();
    return !this.#stream.writableNeedDrain;
  }

  end(): void {
    this.#stream.end();
  }

  resume(): void {
    this.#stream.resume();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

// Private

function takes(accepted: string, encoding: Encoding): boolean {
  for (const part of accepted.split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    if (name === encoding) return !parameters.some((text) => /^q=0(?:\.0*)?$/.test(text));
  }
  return false;
}
