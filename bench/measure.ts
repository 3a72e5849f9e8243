/** The forked side of `child.ts`: does what its order says with one peer, answers once over IPC, and exits. */
import { Delivery } from "./delivery.ts";
import type { Answer, LatencyOrder, Order } from "./child.ts";
import { openPeer } from "./peers/index.ts";
import { now, percentiles, sendAtRate } from "./pace.ts";
import { payload, WARM_UP, type Peer, type Running } from "./work.ts";

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
  await consumeOnce(peer, "warmup", WARM_UP);
  const answer = await consumeOnce(peer, "bench", count);
  await peer.close();
  return answer;
}

/** The time ends with the last acknowledgement; stopping the consumer is not part of it. */
async function consumeOnce(peer: Peer, topic: string, count: number): Promise<Answer> {
  const delivery = new Delivery(count);
  const consuming = Promise.withResolvers<Running>();
  const answer = await timed(async () => consuming.resolve(await peer.consume(topic, count, delivery.seen)));
  await (await consuming.promise).stop();
  delivery.check(order.peer);
  return answer;
}

async function send(peer: Peer, order: LatencyOrder): Promise<Answer> {
  const total = order.warmUp + order.count;
  const answer = await timed(() => sendAtRate(total, order.rate, (seq, due) => peer.send("bench", payload(seq, due))));
  await peer.close();
  return answer;
}

async function receive(peer: Peer, order: LatencyOrder): Promise<Answer> {
  const total = order.warmUp + order.count;
  const delivery = new Delivery(total);
  const latencies = new Float64Array(total);
  const complete = Promise.withResolvers<void>();
  const receiver = await peer.receive("bench", (message) => {
    latencies[message.seq] = now() - message.at;
    delivery.seen(message);
    if (delivery.received >= total) complete.resolve();
  });
  await tell("ready");
  const answer = await timed(() => complete.promise);
  await receiver.stop();
  delivery.check(order.peer);
  return { ...answer, latencies: percentiles(latencies.subarray(order.warmUp)) };
}

async function timed(task: () => Promise<void>): Promise<Answer> {
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
