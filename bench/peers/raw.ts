/** node-redis with nothing on top: pipelined XADD of the same entry; read, decode, acknowledge in sequence. No retries, no leases, no safety. */
import { randomUUID } from "node:crypto";
import { createClient, type RedisClientType } from "@redis/client";
import { CONCURRENCY, IN_FLIGHT, inFlight, payload, type Payload, type Peer, type Running } from "../work.ts";

/** Entries per read: what Tidegate asks for at the same concurrency. */
const COUNT = 2 * CONCURRENCY;
const GROUP = "bench";

export async function raw(url: string): Promise<Peer> {
  const client: RedisClientType = createClient({ url });
  await client.connect();
  return new RawPeer(client);
}

// Private

type Read = { messages: { id: string; message: Record<string, string> }[] }[] | null;

class RawPeer implements Peer {
  readonly #client: RedisClientType;

  constructor(client: RedisClientType) {
    this.#client = client;
  }

  publish(topic: string, count: number): Promise<void> {
    return inFlight(count, IN_FLIGHT, (seq) => this.send(topic, payload(seq)));
  }

  async consume(topic: string, count: number, seen: (payload: Payload) => void): Promise<Running> {
    await this.#client.xGroupCreate(topic, GROUP, "0", { MKSTREAM: true });
    for (let acked = 0; acked < count;) {
      const read = (await this.#client.xReadGroup(GROUP, "one", { key: topic, id: ">" }, { COUNT, BLOCK: 1_000 })) as Read;
      const entries = read?.[0]?.messages ?? [];
      for (const entry of entries) seen(JSON.parse(entry.message["data"]!) as Payload);
      if (entries.length > 0)
        acked += Number(
          await this.#client.xAck(
            topic,
            GROUP,
            entries.map((entry) => entry.id),
          ),
        );
    }
    return { stop: () => Promise.resolve() };
  }

  receive(): Promise<never> {
    return Promise.reject(new Error("The latency benchmark does not measure raw node-redis."));
  }

  send(topic: string, data: Payload): Promise<unknown> {
    return this.#client.xAdd(topic, "*", {
      event_type: "user_updated",
      service: "bench",
      data: JSON.stringify(data),
      message_id: randomUUID(),
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
