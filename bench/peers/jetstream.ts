/** NATS JetStream as its users call it: awaited `publish` to a stream in a file store, durable pull consumer, explicit acks. */
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager, StorageType, type ConsumerMessages } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { CONCURRENCY, IN_FLIGHT, inFlight, payload, type Payload, type Peer, type Running } from "../work.ts";

const CONSUMER = "bench";
/** What the client asks for ahead of the handler: its default, and what Tidegate and BullMQ have in handlers at once. */
const AHEAD = 1 * CONCURRENCY;

export async function jetStream(url: string): Promise<Peer> {
  return new JetStreamPeer(await connect({ servers: url }));
}

/** Removes every stream with its consumers and messages. */
export async function emptyJetStream(url: string): Promise<void> {
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  for await (const name of manager.streams.names()) await manager.streams.delete(name);
  await connection.close();
}

// Private

class JetStreamPeer implements Peer {
  readonly #connection: NatsConnection;
  readonly #streams = new Map<string, Promise<unknown>>();

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  async publish(topic: string, count: number): Promise<void> {
    await this.#ensure(topic);
    const stream = jetstream(this.#connection);
    await inFlight(count, IN_FLIGHT, (seq) => stream.publish(topic, JSON.stringify(payload(seq))));
  }

  async consume(topic: string, count: number, seen: (payload: Payload) => void): Promise<Running> {
    const done = Promise.withResolvers<void>();
    let handled = 0;
    const messages = await this.#consume(topic, (message) => {
      seen(message);
      if (++handled === count) setImmediate(done.resolve);
    });
    await done.promise;
    await this.#connection.flush();
    return { stop: () => messages.close().then(() => this.#checkDrained(topic)) };
  }

  async receive(topic: string, seen: (payload: Payload) => void): Promise<Running> {
    const messages = await this.#consume(topic, seen);
    return { stop: () => messages.close().then(() => undefined) };
  }

  async send(topic: string, data: Payload): Promise<unknown> {
    await this.#ensure(topic);
    return await jetstream(this.#connection).publish(topic, JSON.stringify(data));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #ensure(topic: string): Promise<unknown> {
    let made = this.#streams.get(topic);
    if (made === undefined) {
      made = jetstreamManager(this.#connection).then((manager) =>
        manager.streams.add({ name: topic, subjects: [topic], storage: StorageType.File }),
      );
      this.#streams.set(topic, made);
    }
    return made;
  }

  async #consume(topic: string, seen: (payload: Payload) => void): Promise<ConsumerMessages> {
    await this.#ensure(topic);
    const manager = await jetstreamManager(this.#connection);
    const config = { durable_name: CONSUMER, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All };
    await manager.consumers.add(topic, config);
    const consumer = await jetstream(this.#connection).consumers.get(topic, CONSUMER);
    return await consumer.consume({
      max_messages: AHEAD,
      callback: (message) => {
        seen(message.json<Payload>());
        message.ack();
      },
    });
  }

  async #checkDrained(topic: string): Promise<void> {
    const manager = await jetstreamManager(this.#connection);
    const info = await manager.consumers.info(topic, CONSUMER);
    if (info.num_pending + info.num_ack_pending > 0) throw new Error(`${topic} is not drained: ${JSON.stringify(info)}`);
  }
}
