/** Tidegate as its users call it: awaited `publish`, `consume` with a handler. Default wire format and options. */
import { connect, type Message, type Settlement, type Tide } from "@tidegate/streams";
import { CONCURRENCY, IN_FLIGHT, inFlight, payload, type Payload, type Peer, type Running } from "../work.ts";

export async function tidegate(url: string): Promise<Peer> {
  return new TidegatePeer(await connect({ url, namespace: "bench", service: "bench" }));
}

// Private

class TidegatePeer implements Peer {
  readonly #tide: Tide;

  constructor(tide: Tide) {
    this.#tide = tide;
  }

  publish(topic: string, count: number): Promise<void> {
    return inFlight(count, IN_FLIGHT, (seq) => this.send(topic, payload(seq)));
  }

  consume(topic: string, count: number, seen: (payload: Payload) => void): Promise<Running> {
    return this.#consume(topic, count, (message) => seen(message.data as Payload));
  }

  consumeFailingOnce(topic: string, count: number, seen: (payload: Payload) => void): Promise<Running> {
    return this.#consume(topic, count, (message) => {
      if (message.retryCount === 0) throw new Error("the first time always fails");
      seen(message.data as Payload);
    });
  }

  receive(topic: string, seen: (payload: Payload) => void): Promise<Running> {
    return this.#tide.consume(topic, { group: "bench", concurrency: CONCURRENCY, from: "beginning" }, (message) =>
      seen(message.data as Payload),
    );
  }

  send(topic: string, data: Payload): Promise<unknown> {
    return this.#tide.publish(topic, { type: "user_updated", data });
  }

  close(): Promise<void> {
    return this.#tide.close();
  }

  async #consume(topic: string, count: number, handler: (message: Message) => void): Promise<Running> {
    const done = Promise.withResolvers<void>();
    let acked = 0;
    const onSettled = ({ outcome }: Settlement): void => void (outcome === "acked" && ++acked === count && done.resolve());
    const options = { group: "bench", concurrency: CONCURRENCY, from: "beginning", retry: { baseDelay: 1 }, onSettled } as const;
    const consumer = await this.#tide.consume(topic, options, handler);
    consumer.closed.catch(done.reject);
    await done.promise;
    return { stop: () => consumer.stop().then(() => this.#checkDrained(topic)) };
  }

  async #checkDrained(topic: string): Promise<void> {
    for (const group of await this.#tide.groups.list(topic)) {
      if (group.pending + group.lag + group.retrying > 0) throw new Error(`${topic} is not drained: ${JSON.stringify(group)}`);
    }
  }
}
