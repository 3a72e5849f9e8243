/**
 * Where certificates are tried with the whole product: a real Redis, a real CA behind the shim, and instances of Tidegate with one encryption key. The CA
 * validates at the first instance's ports only, whoever placed the order.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAcmeShim, startPebble, type AcmeShim, type CountedOrder, type Pebble } from "../../packages/gateway/src/testing/index.ts";
import { freePorts } from "../../packages/gateway/src/testing/acme/free-ports.ts";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { Product } from "../edge/product.ts";

export const NAMESPACE = "certified";

const DAY = 86_400_000;

export interface StageOptions {
  readonly instances: number;
  /** Edge workers of each. */
  readonly workers?: number;
  /** Percent of good nonces that the CA refuses. */
  readonly nonceReject?: number;
  /** Percent of authorizations that a later order gets again. Default 0. */
  readonly authzReuse?: number;
}

export class CertificatesStage implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly pebble: Pebble;
  readonly shim: AcmeShim;
  readonly products: readonly Product[];
  /** Of all instances. */
  readonly encryptionKey: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    redis: RedisServer,
    ca: { pebble: Pebble; shim: AcmeShim },
    products: Product[],
    encryptionKey: string,
    stack: AsyncDisposableStack,
  ) {
    [this.redis, this.products, this.encryptionKey, this.#stack] = [redis, products, encryptionKey, stack];
    ({ pebble: this.pebble, shim: this.shim } = ca);
  }

  static async open({ instances, workers = 1, nonceReject = 5, authzReuse = 0 }: StageOptions): Promise<CertificatesStage> {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "tidegate-certified-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const redis = stack.use(await startRedis());
    const [httpPort = 0, tlsPort = 0] = await freePorts(2);
    const pebble = stack.use(await startPebble({ httpPort, tlsPort, nonceReject, authzReuse }));
    const shim = stack.use(await startAcmeShim({ upstream: pebble }));
    // With a window the renewals say what they replace, so that they do not count as certificates of the same names.
    shim.ari.set("*", { start: Date.now() + 60 * DAY, end: Date.now() + 61 * DAY });
    await writeFile(join(folder, "ca.pem"), shim.trusted);
    const encryptionKey = randomBytes(32).toString("base64");
    const environment = {
      TIDEGATE_NAMESPACE: NAMESPACE,
      TIDEGATE_ENCRYPTION_KEY: encryptionKey,
      ACME_DIRECTORY_URL: shim.directoryUrl,
      ACME_CA_FILE: join(folder, "ca.pem"),
    };
    const started = await Promise.allSettled(
      Array.from({ length: instances }, async (_, index) => {
        const ports = index === 0 ? { HTTP_PORT: String(httpPort), HTTPS_PORT: String(tlsPort) } : {};
        return stack.use(await Product.up({ workers, redisUrl: redis.url, environment: { ...environment, ...ports } }));
      }),
    );
    const products = started.map((one) => {
      if (one.status === "rejected") throw one.reason;
      return one.value;
    });
    return new CertificatesStage(redis, { pebble, shim }, products, encryptionKey, stack.move());
  }

  /** What the CA has made, refused nonces aside. */
  placed(): readonly CountedOrder[] {
    return this.shim.orders().filter(({ status }) => status === 201);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
