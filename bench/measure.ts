/** The forked side of `child.ts`: does what its order says with one peer, answers once over IPC, and exits. */
import { Delivery } from "./delivery.ts";
import type { Answer, LatencyOrder, MemorySample, Order, SoakOrder } from "./child.ts";
import { openPeer } from "./peers/index.ts";
import { now, percentiles, sendAtRate } from "./pace.ts";
import { IN_FLIGHT, inFlight, payload, WARM_UP, type Payload, type Peer, type Running } from "./work.ts";

const order = JSON.parse(process.argv[2] ?? "null") as Order;
const peer = await openPeer(order.peer, order.url);
await tell(await perform(peer, order));
process.exit(0);

// Private

function perform(peer: Peer, order: Order): Promise<Answer> {
  switch (order.work) {
    case "publish":
      return publish(peer, order.count);
    case "consume":
      return consume(peer, order.count);
    case "fail-once":
      return failOnce(peer, order.count);
    case "soak":
      return soak(peer, order);
    case "send":
      return send(peer, order);
    case "receive":
      return receive(peer, order);
  }
}

async function publish(peer: Peer, count: number): Promise<Answer> {
  await peer.publish("warmup", WARM_UP);
  const answer = await timed(() => peer.publish("bench", count));
  await peer.close();
  return answer;
}

async function consume(peer: Peer, count: number): Promise<Answer> {
  const consuming: Consuming = (topic, total, seen) => peer.consume(topic, total, seen);
  await consumeOnce(consuming, "warmup", WARM_UP);
  const answer = await consumeOnce(consuming, "bench", count);
  await peer.close();
  return answer;
}

async function failOnce(peer: Peer, count: number): Promise<Answer> {
  const consuming: Consuming = (topic, total, seen) => peer.consumeFailingOnce!(topic, total, seen);
  await peer.publish("warmup", WARM_UP);
  await consumeOnce(consuming, "warmup", WARM_UP);
  await peer.publish("bench", count);
  const answer = await consumeOnce(consuming, "bench", count);
  await peer.close();
  return answer;
}

type Consuming = (topic: string, count: number, seen: (payload: Payload) => void) => Promise<Running>;

/** The time ends with the last acknowledgement; stopping the consumer is not part of it. */
async function consumeOnce(consume: Consuming, topic: string, count: number): Promise<Answer> {
  const delivery = new Delivery(count);
  const consuming = Promise.withResolvers<Running>();
  const answer = await timed(async () => consuming.resolve(await consume(topic, count, delivery.seen)));
  await (await consuming.promise).stop();
  delivery.check(order.peer);
  return answer;
}

async function send(peer: Peer, order: LatencyOrder): Promise<Answer> {
  const total = order.warmUp + order.count;
  const one = (seq: number, due: number): Promise<unknown> => peer.send("bench", payload(seq, due));
  const answer = await timed(() =>
    order.rate === 0 ? inFlight(total, IN_FLIGHT, (seq) => one(seq, now())) : sendAtRate(total, order.rate, one),
  );
  await peer.close();
  return answer;
}

/** Warm for a tenth of the time, then a sample every fiftieth of it. */
async function soak(peer: Peer, order: SoakOrder): Promise<Answer> {
  const samples: MemorySample[] = [];
  const delivery = new Delivery(order.count);
  const complete = Promise.withResolvers<void>();
  const receiver = await peer.receive("bench", (message) => {
    delivery.seen(message);
    const done = delivery.received / order.count;
    if (done >= 0.1 && done * 50 >= samples.length + 5) samples.push(sample());
    if (delivery.received >= order.count) complete.resolve();
  });
  const answer = await timed(async () => {
    await sendAtRate(order.count, order.rate, (seq, due) => peer.send("bench", payload(seq, due)));
    await complete.promise;
  });
  await receiver.stop();
  delivery.check(order.peer);
  await peer.close();
  return { ...answer, samples };
}

function sample(): MemorySample {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

async function receive(peer: Peer, order: LatencyOrder): Promise<Answer> {
  const total = order.warmUp + order.count;
  const delivery = new Delivery(total);
  const latencies = new Float64Array(total);
  const [first, complete] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const receiver = await peer.receive("bench", (message) => {
    first.resolve();
    latencies[message.seq] = now() - message.at;
    delivery.seen(message);
    if (delivery.received >= total) complete.resolve();
  });
  await tell("ready");
  // The receiver may wait for the sender to start: its time begins with the first message.
  const answer = await timed(() => complete.promise, first.promise);
  await receiver.stop();
  delivery.check(order.peer);
  return { ...answer, latencies: percentiles(latencies.subarray(order.warmUp)) };
}

async function timed(task: () => Promise<void>, begin: Promise<void> = Promise.resolve()): Promise<Answer> {
  await begin;
  const started = performance.now();
  const cpu = process.cpuUsage();
  await task();
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpu: (user + system) / 1e6 / seconds };
}

function tell(message: unknown): Promise<void> {
  return new Promise((resolve, reject) => process.send!(message, (error: Error | null) => (error === null ? resolve() : reject(error))));
}
