/**
 * TLS with Redis: what is read from files and checked before the first connection, and what a failed handshake means.
 * Certificates are parsed here and not by the first handshake, so that a wrong file is named instead of "bad base64 decode".
 */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { TidegateError } from "../errors.ts";
import type { TlsOptions } from "../tide.ts";

/** One part of the configuration as PEM text, and the name to blame when it is wrong. */
export interface PemSource {
  readonly where: string;
  /** PEM text; or null when it is in the file. */
  readonly pem: string | null;
  readonly file: string;
}

export interface TlsSources {
  readonly ca: PemSource | null;
  readonly cert: PemSource | null;
  readonly key: PemSource | null;
  readonly servername: string | undefined;
}

export function readTls(sources: TlsSources): TlsOptions {
  const { ca, cert, key, servername } = sources;
  if ((cert === null) !== (key === null)) {
    const missing = cert === null ? "the certificate (REDIS_TLS_CERT)" : "the key (REDIS_TLS_KEY)";
    throw invalid(`${(cert ?? key)?.where ?? ""} is set, but ${missing} is missing`, "A client certificate needs both.");
  }
  const [caText, certText, keyText] = [ca, cert, key].map((source) => (source === null ? undefined : read(source)));
  if (ca !== null) parsed(ca, "certificates", () => certificates(caText ?? "").map((pem) => new X509Certificate(pem)));
  if (cert !== null && key !== null) checkPair(cert, certText ?? "", key, keyText ?? "");
  return {
    ...(caText === undefined ? {} : { ca: caText }),
    ...(certText === undefined ? {} : { cert: certText }),
    ...(keyText === undefined ? {} : { key: keyText }),
    ...(servername === undefined ? {} : { servername }),
  };
}

export interface TlsReason {
  readonly message: string;
  readonly hint: string;
}

/** Null when the cause has nothing to do with TLS. Codes: https://nodejs.org/api/tls.html#x509-certificate-error-codes and OpenSSL's alerts. */
export function tlsReason(cause: unknown): TlsReason | null {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const text = `${code} ${cause instanceof Error ? cause.message : ""}`;
  const found = REASONS.find(([pattern]) => pattern.test(text));
  if (found !== undefined) return { message: found[1], hint: found[2] };
  return /^ERR_(SSL|TLS)_|^EPROTO$/.test(code)
    ? { message: "The TLS connection cannot be set up", hint: "Check the certificates and the TLS settings of both sides." }
    : null;
}

// Private

const REASONS: readonly (readonly [pattern: RegExp, message: string, hint: string])[] = [
  [
    /SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE/,
    "The server's certificate is not signed by an authority that is trusted here",
    "Name its authority's certificate: REDIS_TLS_CA=/path/ca.crt, or tls.ca in connect().",
  ],
  [
    /ALTNAME_INVALID/,
    "The server's certificate is for another name",
    "Use a name the certificate has in the URL, or give it as tls.servername in connect().",
  ],
  [/CERT_HAS_EXPIRED/, "The server's certificate has expired", "Renew the certificate of the Redis server."],
  [/CERT_NOT_YET_VALID/, "The server's certificate is not valid yet", "Check the clocks of both machines."],
  [
    /CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE|HANDSHAKE_FAILURE/,
    "The server wants a client certificate",
    "Set REDIS_TLS_CERT and REDIS_TLS_KEY, or tls.cert and tls.key in connect().",
  ],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|DECRYPT_ERROR)/,
    "The server does not accept the client certificate",
    "Use one that is signed by the authority of the server's tls-ca-cert-file and has not expired.",
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST/,
    "The server does not speak TLS on this port",
    "Write redis:// for a plain port, or name the server's tls-port.",
  ],
  // The first byte of a TLS alert, read as a reply: 21 = 0x15. https://www.rfc-editor.org/rfc/rfc8446#section-5.1
  [/Unknown RESP type 21\b/, "The server speaks TLS on this port", "Write rediss:// instead of redis://."],
];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Throws on none: OpenSSL would take a file without certificates for an empty list. */
function certificates(pem: string): string[] {
  const found = pem.match(CERTIFICATE);
  if (found === null) throw new Error("it holds no BEGIN CERTIFICATE");
  return found;
}

function checkPair(cert: PemSource, certText: string, key: PemSource, keyText: string): void {
  const [leaf] = parsed(cert, "certificates", () => certificates(certText).map((pem) => new X509Certificate(pem)));
  const own = parsed(key, "an unencrypted private key", () => createPublicKey(createPrivateKey(keyText)));
  if (leaf?.publicKey.equals(own) === true) return;
  throw invalid(`${key.where} does not belong to the certificate of ${cert.where}`, "Use the key the certificate was requested with.");
}

function read({ where, pem, file }: PemSource): string {
  if (pem !== null) return pem;
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw invalid(`${where} names a file that cannot be read: ${(cause as Error).message}`, "Check its path and rights.", cause);
  }
}

function parsed<T>(source: PemSource, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const found = source.pem === null ? `${source.where} (${source.file})` : source.where;
    const why = (cause as Error).message;
    throw invalid(`${found} must hold ${what} in PEM form: ${why}`, "PEM text begins with -----BEGIN.", cause);
  }
}

function invalid(message: string, hint: string, cause?: unknown): TidegateError {
  return new TidegateError("INVALID_CONFIG", `${message}.`, { hint, cause });
}
