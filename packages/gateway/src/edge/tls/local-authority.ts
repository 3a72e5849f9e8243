/**
 * An authority of this machine for development names: made once in the data folder (`local-ca/ca.pem`, which people may trust, and `ca.key`, 0600). It is
 * constrained to `localhost`, `test` and `internal`, so that whoever trusts it trusts it for nothing else. Several workers start at once: the first folder
 * stays. One that is damaged is never replaced silently, because people have trusted it.
 */
import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nameConstraints } from "./der.ts";
import { firstFile } from "./first-file.ts";
import { LOCAL_DOMAINS } from "./server-name.ts";

export interface LocalLeaf {
  /** PEM. */
  readonly chain: string;
  readonly key: string;
  /** SHA-256, hex. */
  readonly fingerprint: string;
  /** Unix ms. */
  readonly notAfter: number;
}

interface Authority {
  readonly certificate: string;
  readonly key: string;
}

const DAY = 86_400_000;
const CA_LIFE = 3_650 * DAY;
/** Clients refuse more than 398 days. */
const LEAF_LIFE = 396 * DAY;
export const RENEW_BEFORE = 30 * DAY;
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const NAME_CONSTRAINTS = "2.5.29.30";

export class LocalAuthority {
  /** The certificate people may trust. */
  readonly path: string;
  readonly #folder: string;
  readonly #now: () => number;
  #authority: Promise<Authority> | null = null;

  constructor(dataFolder: string, now: () => number = Date.now) {
    this.#folder = join(dataFolder, "local-ca");
    this.path = join(this.#folder, "ca.pem");
    this.#now = now;
  }

  /** Rejects with what is wrong with the folder; the next call tries again. */
  async open(): Promise<void> {
    this.#authority ??= this.#read().catch((error: unknown) => {
      this.#authority = null;
      throw error;
    });
    await this.#authority;
  }

  /** `host`: a development name, checked by the caller. Kept on disk for all workers. */
  async leaf(host: string): Promise<LocalLeaf> {
    await this.open();
    const authority = (await this.#authority) as Authority;
    const ca = new X509Certificate(authority.certificate);
    const path = join(this.#folder, "leaves", `${host}.pem`);
    const good = (content: Buffer): boolean => this.#fits(content, host, ca);
    return leafOf((await firstFile(path, () => this.#makeLeaf(host, authority), good)).toString("latin1"));
  }

  // Private

  async #read(): Promise<Authority> {
    const found = await readAuthority(this.#folder);
    if (found !== null) return found;
    await this.#make();
    const made = await readAuthority(this.#folder);
    if (made === null) throw new Error(`${this.#folder} cannot be read back`);
    return made;
  }

  /** A folder that holds something is never replaced by a rename, so both files come together and the first folder stays. */
  async #make(): Promise<void> {
    const draft = `${this.#folder}.${randomBytes(4).toString("hex")}.tmp`;
    const { certificate, key } = await makeAuthority(this.#now());
    try {
      await mkdir(draft, { mode: 0o700, recursive: true });
      await writeFile(join(draft, "ca.key"), key, { mode: 0o600 });
      await writeFile(join(draft, "ca.pem"), certificate, { mode: 0o644 });
      await rename(draft, this.#folder);
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  #fits(content: Buffer, host: string, ca: X509Certificate): boolean {
    try {
      const { chain, key } = leafOf(content.toString("latin1"));
      const leaf = new X509Certificate(chain);
      const fresh = leaf.validToDate.getTime() - this.#now() > RENEW_BEFORE;
      return fresh && leaf.checkHost(host) !== undefined && leaf.verify(ca.publicKey) && leaf.checkPrivateKey(createPrivateKey(key));
    } catch {
      return false;
    }
  }

  async #makeLeaf(host: string, { certificate, key }: Authority): Promise<Buffer> {
    const { generator, x509 } = await tools();
    const issuer = new x509.X509Certificate(certificate);
    const signingKey = await crypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(key), CURVE, false, ["sign"]);
    const keys = await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
    const leaf = await generator.create({
      serialNumber: serial(),
      subject: [{ CN: [host.slice(0, 64)] }],
      issuer: issuer.subjectName,
      notBefore: new Date(this.#now() - DAY),
      notAfter: new Date(Math.min(this.#now() + LEAF_LIFE, issuer.notAfter.getTime())),
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: SIGNING,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ],
    });
    return Buffer.from(`${await privatePem(keys.privateKey)}\n${leaf.toString("pem")}\n`, "latin1");
  }
}

// Private

async function readAuthority(folder: string): Promise<Authority | null> {
  const texts = await Promise.all(["ca.pem", "ca.key"].map((name) => readFile(join(folder, name), "latin1"))).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    },
  );
  if (texts === null) return null;
  const [certificate = "", key = ""] = texts;
  if (!isPair(certificate, key)) throw new Error(`${folder} is damaged or expired: remove it, and trust the new ca.pem instead`);
  return { certificate, key };
}

function isPair(certificate: string, key: string): boolean {
  try {
    const found = new X509Certificate(certificate);
    return found.checkPrivateKey(createPrivateKey(key)) && found.validToDate.getTime() - Date.now() > RENEW_BEFORE;
  } catch {
    return false;
  }
}

async function makeAuthority(now: number): Promise<Authority> {
  const { generator, x509 } = await tools();
  const keys = await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await generator.createSelfSigned({
    serialNumber: serial(),
    // Named apart, so that the authorities of several data folders can be told from each other where they are trusted.
    name: `CN=Tidegate local authority ${randomBytes(3).toString("hex")}`,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + CA_LIFE),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      new x509.Extension(NAME_CONSTRAINTS, true, nameConstraints(LOCAL_DOMAINS)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: `${await privatePem(keys.privateKey)}\n` };
}

/** Loaded at the first use: most workers read what is there. */
async function tools() {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  return { x509, generator: x509.X509CertificateGenerator };
}

/** A `CryptoKey`, which is a type only where there are types of a browser. */
type Key = Parameters<typeof crypto.subtle.exportKey>[1];

async function privatePem(key: Key): Promise<string> {
  return createPrivateKey({ key: Buffer.from(await crypto.subtle.exportKey("pkcs8", key)), format: "der", type: "pkcs8" })
    .export({ format: "pem", type: "pkcs8" })
    .toString()
    .trimEnd();
}

/** 127 random bits, positive. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

function leafOf(text: string): LocalLeaf {
  const key = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/.exec(text)?.[0] ?? "";
  const chain = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text)?.[0] ?? "";
  const leaf = new X509Certificate(chain);
  const fingerprint = leaf.fingerprint256.replaceAll(":", "").toLowerCase();
  return { chain, key, fingerprint, notAfter: leaf.validToDate.getTime() };
}
