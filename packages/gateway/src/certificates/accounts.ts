/**
 * Our accounts at the CAs: one for each directory and contact, shared by all instances. The key is made once (whoever is first), sealed, and kept for good;
 * registering the same key again finds the same account, so it needs no lock.
 */
import { createHash, createPrivateKey, generateKeyPairSync } from "node:crypto";
import type { Store } from "@tidegate/streams";
import type { GatewayKeys } from "../keys.ts";
import type { Sealed } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import { AcmeClient, type AcmeClientOptions } from "./acme/client.ts";
import { AcmeProblem } from "./acme/problem.ts";
import type { Authority } from "./authority.ts";
import type { Clock } from "./clock.ts";

export interface AccountsDeps {
  readonly store: () => Store;
  readonly keys: GatewayKeys;
  readonly vault: Vault;
  readonly clock: Clock;
  /** PEM; beside the system's roots. */
  readonly trusted: string | null;
  /** How long one answer of a CA may take, ms of real time. Default: the client's. */
  readonly answerWithin?: number | undefined;
}

export interface AccountWanted {
  readonly directoryUrl: string;
  readonly email: string | null;
  readonly eab: Authority["eab"];
}

interface Account {
  readonly directory_url: string;
  readonly email: string | null;
  /** PKCS #8 PEM. */
  readonly key: Sealed;
  /** Null: not registered yet. */
  readonly url: string | null;
}

const GONE = "urn:ietf:params:acme:error:accountDoesNotExist";

export class Accounts {
  readonly #deps: AccountsDeps;
  readonly #clients = new Map<string, AcmeClient>();

  constructor(deps: AccountsDeps) {
    this.#deps = deps;
  }

  /** A client that may order. */
  async client(wanted: AccountWanted, signal: AbortSignal): Promise<AcmeClient> {
    const field = fieldOf(wanted);
    const known = this.#clients.get(field);
    if (known !== undefined) return known;
    const account = await this.#account(field, wanted);
    const client = this.#open(field, account, wanted.eab);
    if (account.url === null) await this.#register(client, field, account, signal);
    this.#clients.set(field, client);
    return client;
  }

  /** One that needs no account: for the directory and renewal information. */
  reader(directoryUrl: string): AcmeClient {
    const { clock } = this.#deps;
    const known = this.#clients.get(directoryUrl);
    if (known !== undefined) return known;
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const client = new AcmeClient({ directoryUrl, accountKey: privateKey, accountUrl: null, eab: null, clock, ...this.#way() });
    this.#clients.set(directoryUrl, client);
    return client;
  }

  /** What names an account in the CA's limits. */
  static idOf(wanted: Pick<AccountWanted, "directoryUrl" | "email" | "eab">): string {
    return fieldOf(wanted);
  }

  /** Where the CA has forgotten the account, it is registered again at the next use. */
  async noticed(problem: unknown, wanted: AccountWanted): Promise<void> {
    if (!(problem instanceof AcmeProblem) || problem.type !== GONE) return;
    const field = fieldOf(wanted);
    this.#clients.delete(field);
    await this.#deps.store().ask(["HDEL", this.#deps.keys.acmeAccounts(), field]);
  }

  // Private

  async #account(field: string, { directoryUrl, email }: AccountWanted): Promise<Account> {
    const { store, keys, vault } = this.#deps;
    const read = async (): Promise<Account | null> => {
      const text = await store().ask(["HGET", keys.acmeAccounts(), field]);
      return typeof text === "string" ? (JSON.parse(text) as Account) : null;
    };
    const found = await read();
    if (found !== null) return found;
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const made: Account = { directory_url: directoryUrl, email, key: vault.seal(pem, placeOf(field)), url: null };
    await store().ask(["HSETNX", keys.acmeAccounts(), field, JSON.stringify(made)]);
    return (await read()) ?? made;
  }

  #open(field: string, account: Account, eab: Authority["eab"]): AcmeClient {
    const { vault, clock } = this.#deps;
    const accountKey = createPrivateKey(vault.open(account.key, placeOf(field)));
    return new AcmeClient({ directoryUrl: account.directory_url, accountKey, accountUrl: account.url, eab, clock, ...this.#way() });
  }

  #way(): Pick<AcmeClientOptions, "trusted" | "answerWithin"> {
    const { trusted, answerWithin } = this.#deps;
    return { trusted, ...(answerWithin === undefined ? {} : { answerWithin }) };
  }

  async #register(client: AcmeClient, field: string, account: Account, signal: AbortSignal): Promise<void> {
    const { store, keys } = this.#deps;
    const url = await client.register(account.email, signal);
    await store().ask(["HSET", keys.acmeAccounts(), field, JSON.stringify({ ...account, url } satisfies Account)]);
  }
}

// Private

function fieldOf({ directoryUrl, email, eab }: Pick<AccountWanted, "directoryUrl" | "email" | "eab">): string {
  return createHash("sha256")
    .update(JSON.stringify([directoryUrl, email, eab?.kid ?? null]))
    .digest("hex")
    .slice(0, 32);
}

function placeOf(field: string): string {
  return `acme/account/${field}`;
}
