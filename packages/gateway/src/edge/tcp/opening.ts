/**
 * The first bytes of a connection to a port that asks for a token. Pure. Either our preamble, `TIDEGATE <token>` and CRLF, or the head of
 * an HTTP/1 request that carries the token in `X-Tidegate-Token` or as `Authorization: Bearer`. The header that held it is taken out, all other
 * bytes belong to the application. Only this head is looked at: further requests of the connection pass as they are.
 */
export type Opening =
  | { readonly kind: "more" }
  | { readonly kind: "token"; readonly http: boolean; readonly token: string; /** For the application. */ readonly rest: Buffer }
  /** `status` of the answer where it is HTTP. */
  | { readonly kind: "bad"; readonly status: number | null; readonly reason: string };

export const PREAMBLE_LIMIT = 512;
export const HEAD_LIMIT = 16_384;

const PREAMBLE = "TIDEGATE ";
const MORE: Opening = { kind: "more" };

export function readOpening(bytes: Buffer): Opening {
  const start = bytes.toString("latin1", 0, PREAMBLE.length);
  if (start === PREAMBLE) return readPreamble(bytes);
  if (PREAMBLE.startsWith(start)) return MORE;
  if (!/^[A-Z]+( |$)/.test(start)) return bad(null, "it begins neither with TIDEGATE <token> nor as an HTTP request");
  return readHead(bytes);
}

// Private

function readPreamble(bytes: Buffer): Opening {
  const end = bytes.subarray(0, PREAMBLE_LIMIT).indexOf(0x0a);
  if (end < 0) return bytes.length < PREAMBLE_LIMIT ? MORE : bad(null, `the first line is longer than ${PREAMBLE_LIMIT} bytes`);
  const line = bytes.toString("latin1", PREAMBLE.length, end);
  // Visible characters and the carriage return at the end.
  if (!/^[\x21-\x7e]+\r$/.test(line)) return bad(null, "the first line is not TIDEGATE <token> and CRLF");
  return { kind: "token", http: false, token: line.slice(0, -1), rest: bytes.subarray(end + 1) };
}

function readHead(bytes: Buffer): Opening {
  const text = bytes.toString("latin1", 0, HEAD_LIMIT);
  const end = text.indexOf("\r\n\r\n");
  const first = text.indexOf("\n");
  if (first >= 0 && !/^[A-Z]+ [\x21-\xff]+ HTTP\/1\.[01]\r$/.test(text.slice(0, first)))
    return bad(null, "it begins neither with TIDEGATE <token> nor as an HTTP/1 request");
  if (end < 0) return bytes.length < HEAD_LIMIT ? MORE : bad(431, `the head of the request is longer than ${HEAD_LIMIT} bytes`);
  return readHeaders(text.slice(0, end).split("\r\n"), bytes.subarray(end + 4));
}

function readHeaders([request = "", ...lines]: string[], body: Buffer): Opening {
  if (lines.some((line) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*$/.test(line))) return bad(400, "a header of the request is malformed");
  const own = lines.filter((line) => nameOf(line) === "x-tidegate-token");
  const bearer = lines.filter((line) => nameOf(line) === "authorization" && /^bearer /i.test(valueOf(line)));
  const [used, ...others] = own.length > 0 ? own : bearer;
  if (used === undefined) return bad(401, "the request carries no token");
  if (others.length > 0) return bad(400, "the request carries several tokens");
  const token = valueOf(used).replace(/^bearer +/i, "");
  const kept = [request, ...lines.filter((line) => line !== used), "", ""].join("\r\n");
  return { kind: "token", http: true, token, rest: Buffer.concat([Buffer.from(kept, "latin1"), body]) };
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(":")).toLowerCase();
}

function valueOf(line: string): string {
  return line.slice(line.indexOf(":") + 1).trim();
}

function bad(status: number | null, reason: string): Opening {
  return { kind: "bad", status, reason };
}
