/**
 * The vault: AES-256-GCM under one key. Opening needs nothing but the key, so it works while Redis is away. A fingerprint of the first key that was used
 * is kept in Redis; under another key nothing is sealed or opened, so that secrets of two keys never lie side by side, and everything else goes on.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Store } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { GatewayKeys } from "../keys.ts";
import { encryptionKey, type EncryptionKey } from "./encryption-key.ts";
import type { Sealed } from "./entity.ts";
import type { Vault } from "./vault.ts";

export interface KeyedVaultDeps {
  readonly keys: GatewayKeys;
  readonly encryptionKey: string | null;
  readonly dataFolder: string;
}

const VERSION = "v1";
const CIPHER = "aes-256-gcm";
const NONCE = 12;
const TAG = 16;

export class KeyedVault implements Vault {
  readonly #deps: KeyedVaultDeps;
  #key: EncryptionKey | GatewayError | null = null;
  /** Fingerprint of the key that is in use in this namespace, once it is known to be another. */
  #other: string | null = null;

  constructor(deps: KeyedVaultDeps) {
    this.#deps = deps;
  }

  get problem(): string | null {
    try {
      this.#usable();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Tells keys apart and nothing else of them. ENCRYPTION_KEY_INVALID. */
  get fingerprint(): string {
    return this.#own().id;
  }

  async check(store: Store): Promise<void> {
    if (this.#owned() instanceof GatewayError) return;
    const name = this.#deps.keys.vault();
    await store.ask(["SET", name, this.fingerprint, "NX"]);
    const first = String(await store.ask(["GET", name]));
    this.#other = first === this.fingerprint ? null : first;
  }

  seal(text: string, place: string): Sealed {
    const { bytes, id } = this.#usable();
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, bytes, nonce, { authTagLength: TAG }).setAAD(additional(id, place));
    const parts = [nonce, Buffer.concat([cipher.update(text, "utf8"), cipher.final()]), cipher.getAuthTag()];
    return { $sealed: [VERSION, id, ...parts.map((part) => part.toString("base64url"))].join(".") };
  }

  open(sealed: Sealed, place: string): string {
    const { bytes, id } = this.#own();
    const [version, by, ...rest] = sealed.$sealed.split(".");
    if (version !== VERSION || rest.length !== 3) throw damaged(place);
    if (by !== id) throw wrong(`The secret ${place} was encrypted with another key (${by} and not ${id}).`);
    const [nonce, text, tag] = rest.map((part) => decode(part, place));
    if (nonce?.length !== NONCE || tag?.length !== TAG || text === undefined) throw damaged(place);
    try {
      const decipher = createDecipheriv(CIPHER, bytes, nonce, { authTagLength: TAG }).setAAD(additional(id, place)).setAuthTag(tag);
      return Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8");
    } catch {
      throw damaged(place);
    }
  }

  // Private

  #usable(): EncryptionKey {
    const key = this.#own();
    if (this.#other === null) return key;
    throw wrong(`The secrets here were encrypted with the key ${this.#other}, and this process has ${key.id}.`);
  }

  #own(): EncryptionKey {
    const key = this.#owned();
    if (key instanceof GatewayError) throw key;
    return key;
  }

  /** Made or read at the first use. */
  #owned(): EncryptionKey | GatewayError {
    if (this.#key !== null) return this.#key;
    const { encryptionKey: given, dataFolder } = this.#deps;
    try {
      return (this.#key = encryptionKey(given, dataFolder));
    } catch (error) {
      if (error instanceof GatewayError) return (this.#key = error);
      throw error;
    }
  }
}

/** Whether a part of stored data is a secret. */
export function isSealed(value: unknown): value is Sealed {
  return typeof value === "object" && value !== null && typeof (value as Partial<Sealed>).$sealed === "string";
}

// Private

function additional(id: string, place: string): Buffer {
  return Buffer.from(`${VERSION}.${id}.${place}`, "utf8");
}

/** Strict: of several texts that mean the same bytes only one is taken, so that no character can be changed unnoticed. */
function decode(part: string, place: string): Buffer {
  const bytes = Buffer.from(part, "base64url");
  if (bytes.toString("base64url") !== part) throw damaged(place);
  return bytes;
}

function damaged(place: string): GatewayError {
  return wrong(`The secret ${place} cannot be opened: it is damaged, or belongs elsewhere.`);
}

function wrong(message: string): GatewayError {
  return new GatewayError("ENCRYPTION_KEY_WRONG", message, {
    hint: "Give the key that was used before: TIDEGATE_ENCRYPTION_KEY, or the file encryption-key in the data folder of the instance that wrote it.",
  });
}
