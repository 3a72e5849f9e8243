/**
 * The one live connection of the page. Frames are queued and handed to the signals once per animation frame, so a burst costs
 * one render. When the WebSocket fails it is tried again with growing pauses, and REST is polled every five seconds meanwhile.
 */
import { batch, signal } from "@preact/signals";
import type { Alert, LiveFrame, LiveLogs, LiveMessages, LiveRequest, LiveUpdate, LogQuery } from "tidegate/contract";
import { problemOf } from "../api.ts";
import { poll, pollAlerts, pollLogs, pollTopic } from "./polling.ts";
import { sampleOf, withSample, type Sample } from "./samples.ts";

export type Connection = "connecting" | "live" | "polling" | "offline";
export type Follower = (messages: LiveMessages) => void;
export interface LogFollower {
  query: LogQuery;
  onLogs: (logs: LiveLogs) => void;
  /** Why nothing will come. */
  onProblem: (detail: string) => void;
}

const pollEvery = 5000;
const longestPause = 15_000;
/** A hidden tab does not draw; more frames than this are not worth keeping for it. */
const queueLimit = 500;

export class Feed {
  readonly connection = signal<Connection>("connecting");
  readonly update = signal<LiveUpdate | null>(null);
  readonly samples = signal<readonly Sample[]>([]);
  /** Pending and firing ones. */
  readonly alerts = signal<readonly Alert[]>([]);
  #socket: WebSocket | null = null;
  #queue: LiveFrame[] = [];
  #scheduled = false;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #polling: ReturnType<typeof setInterval> | undefined;
  #running = false;
  readonly #followers = new Map<string, Set<Follower>>();
  /** The last one is served; those before it wait for its end. */
  readonly #logs: LogFollower[] = [];

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#open();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#retry);
    this.#stopPolling();
    this.#socket?.close();
    this.#socket = null;
    this.connection.value = "connecting";
  }

  /** Messages of one topic, until the returned function is called. */
  follow(topic: string, follower: Follower): () => void {
    const followers = this.#followers.get(topic) ?? new Set();
    this.#followers.set(topic, followers.add(follower));
    if (followers.size === 1) this.#send({ type: "subscribe", topic });
    return () => {
      followers.delete(follower);
      if (followers.size > 0) return;
      this.#followers.delete(topic);
      this.#send({ type: "unsubscribe", topic });
    };
  }

  /** Log entries that match, until the returned function is called. One at a time: a second takes the place of the first, for as long as it is. */
  followLogs(follower: LogFollower): () => void {
    this.#logs.push(follower);
    this.#askForLogs();
    return () => {
      const served = this.#logs.at(-1) === follower;
      const at = this.#logs.indexOf(follower);
      if (at >= 0) this.#logs.splice(at, 1);
      if (served) this.#askForLogs();
    };
  }

  #askForLogs(): void {
    const follower = this.#logs.at(-1);
    this.#send(follower ? { type: "subscribe", feed: "logs", query: follower.query } : { type: "unsubscribe", feed: "logs" });
  }

  #open(): void {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/live`);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", (event) => this.#received(event.data));
    socket.addEventListener("close", () => this.#closed(socket));
  }

  #opened(): void {
    this.#failures = 0;
    this.#stopPolling();
    this.connection.value = "live";
    for (const topic of this.#followers.keys()) this.#send({ type: "subscribe", topic });
    if (this.#logs.length > 0) this.#askForLogs();
  }

  #closed(socket: WebSocket): void {
    if (!this.#running || this.#socket !== socket) return;
    this.#socket = null;
    const pause = Math.min(longestPause, 1000 * 2 ** this.#failures++) * (0.5 + Math.random() / 2);
    this.#retry = setTimeout(() => this.#open(), pause);
    if (this.#polling !== undefined) return;
    void this.#poll();
    this.#polling = setInterval(() => void this.#poll(), pollEvery);
  }

  #stopPolling(): void {
    clearInterval(this.#polling);
    this.#polling = undefined;
  }

  async #poll(): Promise<void> {
    try {
      const update = await poll(this.update.peek());
      if (this.#polling === undefined) return;
      this.connection.value = "polling";
      this.#enqueue(update);
      for (const topic of this.#followers.keys()) this.#enqueue(await pollTopic(topic));
      const logs = this.#logs.at(-1);
      if (logs) this.#enqueue(await pollLogs(logs.query));
      this.#enqueue(await pollAlerts());
    } catch (error) {
      if (this.#running && this.#polling !== undefined)
        this.connection.value = problemOf(error).code === "UNREACHABLE" ? "offline" : "polling";
    }
  }

  #send(request: LiveRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  #received(data: unknown): void {
    if (typeof data !== "string") return;
    try {
      this.#enqueue(JSON.parse(data) as LiveFrame);
    } catch {
      // A cut frame; the next update replaces it.
    }
  }

  #enqueue(frame: LiveFrame): void {
    this.#queue.push(frame);
    if (this.#queue.length > queueLimit) this.#queue.shift();
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (document.hidden) setTimeout(() => this.#flush(), 1000);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const frames = this.#queue;
    this.#queue = [];
    batch(() => {
      for (const frame of frames) this.#apply(frame);
    });
  }

  #apply(frame: LiveFrame): void {
    if (frame.type === "update") {
      this.update.value = frame;
      this.samples.value = withSample(this.samples.peek(), sampleOf(frame));
    } else if (frame.type === "messages") {
      for (const follower of this.#followers.get(frame.topic) ?? []) follower(frame);
    } else if (frame.type === "logs") this.#logs.at(-1)?.onLogs(frame);
    else if (frame.type === "alerts") this.alerts.value = frame.active;
    else this.#logs.at(-1)?.onProblem(frame.detail);
  }
}

export const feed: Feed = new Feed();
