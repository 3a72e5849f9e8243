/** One certificate from beginning to end, with our own client and the first challenge there is: for tests of what stands behind it. */
import { AcmeClient, type OrderWish } from "../../certificates/acme/client.ts";
import { newCsr, newKey } from "../../certificates/acme/csr.ts";
import type { Clock } from "../../certificates/clock.ts";

export interface CaAddress {
  readonly directoryUrl: string;
  readonly trusted: string;
}

/** With a new account. */
export async function registered({ directoryUrl, trusted }: CaAddress, clock: Clock): Promise<AcmeClient> {
  const accountKey = await newKey("ec-p256");
  const client = new AcmeClient({ directoryUrl, trusted, accountKey, accountUrl: null, eab: null, clock });
  await client.register(null, SIGNAL());
  return client;
}

/** PEM of the chain. */
export async function issue(client: AcmeClient, wish: OrderWish): Promise<string> {
  const signal = SIGNAL();
  const order = await client.newOrder(wish, signal);
  const deadline = Number.MAX_SAFE_INTEGER;
  for (const url of order.authorizations) {
    const { challenges } = await client.authorization(url, signal);
    await client.answer(challenges[0]?.url ?? "", signal);
    await client.settled("authorization", url, { until: ["valid"], deadline }, signal);
  }
  await client.settled("order", order.url, { until: ["ready"], deadline }, signal);
  const csr = await newCsr(await newKey("ec-p256"), wish.domains);
  await client.finalize(order, csr, signal);
  const { certificate } = await client.settled("order", order.url, { until: ["valid"], deadline }, signal);
  return client.download(certificate ?? "", null, signal);
}

// Private

const SIGNAL = (): AbortSignal => AbortSignal.timeout(30_000);
