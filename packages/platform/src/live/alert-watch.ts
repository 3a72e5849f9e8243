/**
 * Pending and firing alerts on the live channel: everybody gets the whole list on arrival, and again when it has changed. While the alert manager
 * does not run there is nothing to tell; the list goes out with its first look after.
 */
import { TidegateError } from "@tidegate/streams";
import type { Alert, LiveAlerts } from "../contract.ts";
import type { LiveSocket } from "./live-socket.ts";

export class AlertWatch {
  readonly #active: () => Promise<readonly Alert[]>;
  #sent = "";

  constructor(active: () => Promise<readonly Alert[]>) {
    this.#active = active;
  }

  async greet(socket: LiveSocket): Promise<void> {
    if (!socket.may("alerts")) return;
    const frame = await this.#frame();
    if (frame !== null) socket.send(frame);
  }

  /** A socket that skips it for want of room gets the next change. */
  async flush(sockets: Iterable<LiveSocket>): Promise<void> {
    const frame = await this.#frame();
    if (frame === null || frame === this.#sent) return;
    this.#sent = frame;
    for (const socket of sockets) if (socket.may("alerts")) socket.send(frame);
  }

  async #frame(): Promise<string | null> {
    try {
      return JSON.stringify({ type: "alerts", active: [...(await this.#active())] } satisfies LiveAlerts);
    } catch (error) {
      if (error instanceof TidegateError && error.code === "CLOSED") return null;
      throw error;
    }
  }
}
