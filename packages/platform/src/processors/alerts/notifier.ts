/**
 * Sends the messages of `alert_notifications`: retried with growing pauses and dead-lettered by the streams. Each arrives at least once and
 * carries the same delivery id every time; one that is known to have arrived is not sent again.
 */
import { RetryAfter, Unrecoverable, type Consumer, type HandlerContext, type Message, type Store, type Tide } from "@tidegate/streams";
import type { AlertKeys } from "./alert-keys.ts";
import type { Destinations } from "./destinations.ts";
import { NotDelivered, send } from "./senders.ts";
import { NOTIFICATIONS, type NotificationMessage } from "./transition.ts";

export interface NotifierOptions {
  readonly tide: Tide;
  readonly store: Store;
  readonly keys: AlertKeys;
  readonly destinations: Destinations;
  /** For tests: pauses between attempts. */
  readonly retry?: { readonly maxRetries?: number; readonly baseDelay?: number; readonly maxDelay?: number };
}

/** About two hours of trying. */
const RETRY = { maxRetries: 12, baseDelay: 2_000, maxDelay: 900_000 };
/** Seconds a notification is known to have arrived; longer than it could be tried. */
const REMEMBERED = 7 * 86_400;
const TIME_LIMIT = 60_000;

export class Notifier {
  readonly #options: NotifierOptions;
  #consumer: Consumer | null = null;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const retry = { ...RETRY, ...this.#options.retry };
    this.#consumer = await this.#options.tide.consume(
      NOTIFICATIONS,
      { name: "alert_manager", concurrency: 4, timeout: TIME_LIMIT, retry, from: "beginning" },
      (message, context) => this.#handle(message, context),
    );
  }

  /** Null while it does not run. */
  get silence(): number | null {
    return this.#consumer?.stats().sinceLastRead ?? null;
  }

  async stop(): Promise<void> {
    await this.#consumer?.stop({ deadline: 5_000 });
    this.#consumer = null;
  }

  // Private

  async #handle(message: Message, _context: HandlerContext): Promise<void> {
    const { destination: id, notification } = readMessage(message);
    const { store, keys, destinations } = this.#options;
    const destination = await destinations.find(id);
    if (destination === null || !destination.enabled) return;
    if ((await store.ask(["EXISTS", keys.sent(notification.delivery)])) === 1) return;
    // What cannot be told of itself would make another dead letter, of which it would be told, for ever.
    if (notification.alert.subject.startsWith(`${NOTIFICATIONS}/`) && (await destinations.last(id))?.ok === false) return;
    try {
      await send(destination, notification);
    } catch (error) {
      throw await this.#failed(id, error);
    }
    await store.ask(["SET", keys.sent(notification.delivery), "1", "EX", String(REMEMBERED)]);
    await destinations.note(id, { at: Date.now(), ok: true, error: null });
  }

  async #failed(id: string, error: unknown): Promise<unknown> {
    if (!(error instanceof NotDelivered)) return error;
    await this.#options.destinations.note(id, { at: Date.now(), ok: false, error: error.message });
    const words = `destination ${id}: ${error.message}`;
    if (error.final) return new Unrecoverable(words);
    return error.wait === null ? new Error(words) : new RetryAfter(error.wait, words);
  }
}

// Private

function readMessage({ data }: Message): NotificationMessage {
  const found = data as Partial<NotificationMessage> | null;
  if (typeof found?.destination === "string" && typeof found.notification?.delivery === "string") return found as NotificationMessage;
  throw new Unrecoverable("this is no notification of an alert");
}
