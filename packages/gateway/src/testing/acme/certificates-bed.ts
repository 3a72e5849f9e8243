/**
 * For tests of certificates: a real Redis, a CA, an HTTP server where that CA looks for challenges, and as many instances as wanted that keep certificates
 * good, as control processes do. The preflight is left to its own tests: here names are of no DNS.
 */
import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { composeCertificates } from "../../certificates/compose.ts";
import type { AcmeSettings } from "../../certificates/authority.ts";
import type { Certificates } from "../../certificates/certificates.ts";
import { Board } from "../../certificates/challenges/board.ts";
import type { Clock } from "../../certificates/clock.ts";
import type { Keeper } from "../../certificates/renewal/keeper.ts";
import type { LedgerOptions } from "../../certificates/orders/ledger.ts";
import { GatewayKeys } from "../../keys.ts";
import { EntityStore } from "../../store/entity-store.ts";
import { KeyedVault } from "../../store/keyed-vault.ts";

export interface CertificatesBedOptions {
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly interval?: number;
  readonly limitsOf?: LedgerOptions["limitsOf"];
  /** Of the CA, ms of real time. */
  readonly answerWithin?: number;
}

export interface Instance extends AsyncDisposable {
  readonly tide: Tide;
  readonly entities: EntityStore;
  readonly vault: KeyedVault;
  readonly certificates: Certificates;
  readonly keeper: Keeper;
  readonly troubles: string[];
}

const NAMESPACE = "certificates";

export class CertificatesBed implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly keys = new GatewayKeys(NAMESPACE, "");
  /** Where challenges are answered, from what stands in Redis. */
  readonly httpPort: number;
  readonly #stack: AsyncDisposableStack;
  readonly #folder: string;
  readonly #options: CertificatesBedOptions;

  private constructor(redis: RedisServer, httpPort: number, folder: string, stack: AsyncDisposableStack, options: CertificatesBedOptions) {
    [this.redis, this.httpPort, this.#folder, this.#stack, this.#options] = [redis, httpPort, folder, stack, options];
  }

  static async open(options: CertificatesBedOptions = {}): Promise<CertificatesBed> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const folder = await mkdtemp(join(tmpdir(), "tidegate-certificates-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const tide = stack.use(await connect({ url: redis.url, namespace: NAMESPACE }));
    const store = tide.store("challenges");
    stack.defer(() => store.close());
    const port = await serveChallenges(new Board(() => store, new GatewayKeys(NAMESPACE, "")), stack);
    return new CertificatesBed(redis, port, folder, stack.move(), options);
  }

  /** One more instance; stopped with the bed, or before. `encryptionKey`: another than the bed's. */
  async instance(
    name: string,
    settings: Partial<AcmeSettings> & Pick<AcmeSettings, "authorities" | "trusted">,
    encryptionKey: string | null = null,
  ): Promise<Instance> {
    const { keys, redis } = this;
    await using stack = new AsyncDisposableStack();
    const tide = stack.use(await connect({ url: redis.url, namespace: NAMESPACE, service: name }));
    const vault = new KeyedVault({ keys, encryptionKey, dataFolder: this.#folder });
    const entities = new EntityStore({ tide: () => tide, keys, vault });
    await entities.start();
    stack.defer(() => entities.stop());
    const troubles: string[] = [];
    const whole = { email: null, dns: null, publicAddresses: [], httpPort: this.httpPort, ...settings };
    const onTrouble = (_: string, message: string): void => void troubles.push(message);
    const made = composeCertificates({
      tide: () => tide,
      entities,
      vault,
      keys,
      settings: whole,
      instance: name,
      onTrouble,
      ...this.#options,
    });
    stack.defer(() => made.keeper.stop());
    const own = stack.move();
    const instance: Instance = { tide, entities, vault, ...made, troubles, [Symbol.asyncDispose]: () => own.disposeAsync() };
    this.#stack.use(instance);
    return instance;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

// Private

async function serveChallenges(board: Board, stack: AsyncDisposableStack): Promise<number> {
  const server = createServer((request, response) => {
    const token = request.url?.split("/").at(-1) ?? "";
    void board.token(token).then((value) => response.writeHead(value === null ? 404 : 200).end(value ?? "no such challenge"));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  stack.defer(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
