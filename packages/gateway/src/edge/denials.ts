/**
 * What went wrong with connections, said at most once a second for each port and reason, with how often and who was last: a port scan must not
 * become a flood of log lines. Who was turned away is audited, who reached nobody is logged.
 */
import type { Tide } from "@tidegate/streams";
import type { EdgePort } from "./switch.ts";

type Kind = "denied" | "failed";

interface Heap {
  readonly port: EdgePort;
  readonly kind: Kind;
  readonly reason: string;
  count: number;
  address: string | null;
}

/** What is gathered until the next second. */
const MOST = 1_000;

export class Denials {
  readonly #heaps = new Map<string, Heap>();

  note(kind: Kind, port: EdgePort, reason: string, address: string | null): void {
    const key = `${kind} ${port.bind} ${port.port} ${reason}`;
    const heap = this.#heaps.get(key) ?? { port, kind, reason, count: 0, address };
    heap.count += 1;
    heap.address = address;
    if (this.#heaps.size < MOST) this.#heaps.set(key, heap);
  }

  tell(telemetry: Pick<Tide, "logger">): void {
    const logger = telemetry.logger("edge");
    for (const { port, kind, reason, count, address } of this.#heaps.values()) {
      const resource = `ports/${port.service}/${port.name}`;
      const fields = { reason, count, port: port.port, ...(address === null ? {} : { ip: address }) };
      if (kind === "failed") logger.warn("connections reached nobody", { resource, ...fields });
      else logger.audit({ actor: "anonymous", action: "connected", resource, result: "denied", fields });
    }
    this.#heaps.clear();
  }
}
