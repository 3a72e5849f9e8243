/** All tunnels of a worker. Those of an endpoint that is drained are asked to end one after the other, so that their clients do not all come back at once. */
import { responseFields } from "../headers/response.ts";
import type { Plan } from "../plan.ts";
import type { UpgradedLine } from "../forward.ts";
import { GOING_AWAY, SERVICE_RESTART, Tunnel } from "./tunnel.ts";

/** Of the time a drain has, for asking; the rest is for answers. */
const SPREAD = 0.8;

export class Tunnels {
  readonly #byEndpoint = new Map<string, Set<Tunnel>>();
  readonly #timers = new Set<NodeJS.Timeout>();

  get size(): number {
    return [...this.#byEndpoint.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** The upstream answered 101. */
  open(plan: Plan, line: UpgradedLine): void {
    const { conversation, record } = plan;
    const endpoint = record.endpoint ?? "";
    let ends: ReturnType<typeof conversation.detach>;
    try {
      ends = conversation.detach();
    } catch {
      record.status = 499;
      record.reason = "client_gone";
      line.socket.destroy();
      return line.over();
    }
    record.status = 101;
    record.answeredAt = performance.now();
    record.tunnel = "websocket";
    const onOver = (): void => {
      this.#forget(endpoint, tunnel);
      line.over();
    };
    const tunnel = new Tunnel({ client: ends.socket, upstream: line.socket, record, onOver });
    this.#remember(endpoint, tunnel);
    const upgrade = `Connection: Upgrade\r\nUpgrade: ${conversation.request.upgrade}\r\n`;
    ends.socket.write(`HTTP/1.1 101 Switching Protocols\r\n${responseFields(plan, line.head)}${upgrade}\r\n`, "latin1");
    tunnel.begin(ends.rest, line.rest);
  }

  drain(endpoint: string, seconds: number): void {
    for (const tunnel of this.#byEndpoint.get(endpoint) ?? []) this.#later(() => tunnel.close(SERVICE_RESTART), seconds);
  }

  /** The worker itself ends. */
  drainAll(seconds: number): void {
    for (const tunnels of this.#byEndpoint.values()) for (const tunnel of tunnels) this.#later(() => tunnel.close(GOING_AWAY), seconds);
  }

  cutAll(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const tunnels of this.#byEndpoint.values()) for (const tunnel of tunnels) tunnel.cut();
  }

  // Private

  #later(act: () => void, seconds: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        act();
      },
      Math.random() * seconds * 1000 * SPREAD,
    );
    this.#timers.add(timer);
  }

  #remember(endpoint: string, tunnel: Tunnel): void {
    const tunnels = this.#byEndpoint.get(endpoint) ?? new Set();
    this.#byEndpoint.set(endpoint, tunnels.add(tunnel));
  }

  #forget(endpoint: string, tunnel: Tunnel): void {
    const tunnels = this.#byEndpoint.get(endpoint);
    tunnels?.delete(tunnel);
    if (tunnels?.size === 0) this.#byEndpoint.delete(endpoint);
  }
}
