/** BullMQ as its users call it: `addBulk`, `Worker` with concurrency, finished jobs removed. */
import { Queue, Worker, type Job } from "bullmq";
import { CONCURRENCY, IN_FLIGHT, payload, type Payload, type Peer, type Running } from "../work.ts";

/** Bulks that are in flight together: 4 × 250 = IN_FLIGHT. One bulk of 1,000 at a time is slower, 10 × 100 no faster. */
const BULKS = 4;

export async function bullmq(url: string): Promise<Peer> {
  return new BullmqPeer(url);
}

// Private

class BullmqPeer implements Peer {
  readonly #connection: { host: string; port: number; maxRetriesPerRequest: null };
  readonly #queues = new Map<string, Queue<Payload>>();

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  }

  async publish(topic: string, count: number): Promise<void> {
    const size = IN_FLIGHT / BULKS;
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < count) {
        const from = next;
        next = Math.min(count, from + size);
        await this.#queue(topic).addBulk(
          Array.from({ length: next - from }, (_, index) => ({ name: "user_updated", data: payload(from + index) })),
        );
      }
    };
    await Promise.all(Array.from({ length: BULKS }, lane));
  }

  async consume(topic: string, count: number, seen: (payload: Payload) => void): Promise<Running> {
    const done = Promise.withResolvers<void>();
    let completed = 0;
    const worker = this.#worker(topic, seen);
    worker.on("completed", () => void (++completed === count && done.resolve()));
    worker.on("error", done.reject);
    await done.promise;
    return { stop: () => worker.close().then(() => this.#checkDrained(topic)) };
  }

  async receive(topic: string, seen: (payload: Payload) => void): Promise<Running> {
    const worker = this.#worker(topic, seen);
    await worker.waitUntilReady();
    return { stop: () => worker.close() };
  }

  send(topic: string, data: Payload): Promise<unknown> {
    return this.#queue(topic).add("user_updated", data);
  }

  async close(): Promise<void> {
    for (const queue of this.#queues.values()) await queue.close();
  }

  #queue(topic: string): Queue<Payload> {
    const known = this.#queues.get(topic);
    if (known !== undefined) return known;
    const queue = new Queue<Payload>(topic, { connection: this.#connection, defaultJobOptions: { removeOnComplete: true } });
    this.#queues.set(topic, queue);
    return queue;
  }

  async #checkDrained(topic: string): Promise<void> {
    const left = await this.#queue(topic).getJobCounts("wait", "active", "delayed", "failed", "prioritized");
    if (Object.values(left).some((count) => count > 0)) throw new Error(`${topic} is not drained: ${JSON.stringify(left)}`);
  }

  #worker(topic: string, seen: (payload: Payload) => void): Worker<Payload> {
    const handler = async (job: Job<Payload>): Promise<void> => seen(job.data);
    return new Worker<Payload>(topic, handler, { connection: this.#connection, concurrency: CONCURRENCY });
  }
}
