/**
 * Who watches which topic. A tailer lives as long as somebody watches its topic, and is shared by all who do.
 */
import type { Tide } from "@tidegate/streams";
import type { LiveUpdate } from "../contract.ts";
import type { LiveSocket } from "./live-socket.ts";
import { Tailer } from "./tailer.ts";

interface Tail {
  readonly tailer: Tailer;
  readonly ready: Promise<void>;
  readonly watchers: Set<LiveSocket>;
  /** Watchers that have not had their snapshot yet. */
  waiting: number;
}

export class Tails {
  readonly #tide: Tide;
  readonly #tails = new Map<string, Tail>();

  constructor(tide: Tide) {
    this.#tide = tide;
  }

  /** Sends the newest rows at once. Rejects where the topic does not exist. */
  async watch(topic: string, socket: LiveSocket): Promise<void> {
    if (socket.follows(topic)) return;
    socket.follow(topic);
    const tail = this.#tailOf(topic);
    tail.waiting += 1;
    try {
      await tail.ready;
      // It may have changed its mind or gone away meanwhile.
      if (socket.follows(topic)) admit(tail, socket);
    } catch (error) {
      socket.unfollow(topic);
      throw error;
    } finally {
      tail.waiting -= 1;
      this.#dropIfUnwatched(topic);
    }
  }

  unwatch(topic: string, socket: LiveSocket): void {
    socket.unfollow(topic);
    this.#tails.get(topic)?.watchers.delete(socket);
    this.#dropIfUnwatched(topic);
  }

  leave(socket: LiveSocket): void {
    for (const topic of socket.topics) this.unwatch(topic, socket);
  }

  /** Sends what came since the last flush. */
  async flush(update: LiveUpdate): Promise<void> {
    await Promise.all([...this.#tails.values()].map((tail) => flushTail(tail, update)));
  }

  #tailOf(topic: string): Tail {
    const known = this.#tails.get(topic);
    if (known !== undefined) return known;
    const tailer = new Tailer(this.#tide, topic);
    const tail: Tail = { tailer, ready: tailer.start(), watchers: new Set(), waiting: 0 };
    tail.ready.catch(() => this.#tails.delete(topic));
    this.#tails.set(topic, tail);
    return tail;
  }

  #dropIfUnwatched(topic: string): void {
    const tail = this.#tails.get(topic);
    if (tail !== undefined && tail.watchers.size + tail.waiting === 0) this.#tails.delete(topic);
  }
}

// Private

/** In one step, so that no batch comes between the two. */
function admit(tail: Tail, socket: LiveSocket): void {
  if (tail.watchers.has(socket)) return;
  tail.watchers.add(socket);
  socket.sendRows(tail.tailer.topic, tail.tailer.snapshot());
}

async function flushTail(tail: Tail, update: LiveUpdate): Promise<void> {
  const stream = update.streams[tail.tailer.topic];
  if (stream === undefined || tail.watchers.size === 0) return;
  await tail.tailer.flush(stream.entries_added, (batch) => {
    for (const watcher of tail.watchers) watcher.sendRows(tail.tailer.topic, batch);
  });
}
