/** Certificates as a CA hands them out (RFC 8555 §7.4.2): a PEM chain, and links to others that end at other roots. */
import { X509Certificate } from "node:crypto";
import { invalidAnswer } from "./answer-error.ts";
import { kindOf } from "./signed-requests.ts";
import type { Answer } from "./transport.ts";

export const PEM_CHAIN = "application/pem-certificate-chain";
const MOST_CERTIFICATES = 10;
const MOST_ALTERNATES = 5;
const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** PEM, the leaf first; nothing else of the answer. */
export function chainOf(answer: Answer): string {
  const type = answer.headers["content-type"] ?? "";
  const blocks = type.toLowerCase().startsWith(PEM_CHAIN) ? (answer.body.toString("latin1").match(BLOCK) ?? []) : [];
  if (blocks.length === 0) throw invalidAnswer(answer.url, `answers with ${kindOf(answer)} instead of a certificate.`);
  if (blocks.length > MOST_CERTIFICATES) {
    throw invalidAnswer(answer.url, `gives a chain of ${blocks.length} certificates; at most ${MOST_CERTIFICATES} are taken.`);
  }
  return blocks.map((block, at) => certificate(block, at, answer.url).toString()).join("");
}

/** Whether it ends at a root of this common name, included or not. */
export function endsAt(chain: string, root: string): boolean {
  const last = chain.match(BLOCK)?.at(-1);
  return last !== undefined && new X509Certificate(last).issuer.split("\n").includes(`CN=${root}`);
}

export function alternatesOf({ url, headers }: Answer): string[] {
  const header = [headers["link"] ?? []].flat().join(", ");
  const links = [...header.matchAll(/<([^>]*)>([^<]*)/g)].filter(([, , about = ""]) => /;\s*rel="?alternate"?(?=[;,\s]|$)/i.test(about));
  const found = links.flatMap(([, link = ""]) => URL.parse(link, url)?.href ?? []);
  return [...new Set(found)].slice(0, MOST_ALTERNATES);
}

// Private

function certificate(block: string, at: number, url: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (error) {
    throw invalidAnswer(url, `gives a chain of which certificate ${at + 1} cannot be read.`, { cause: error });
  }
}
