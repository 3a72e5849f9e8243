/** An edge in this process: remembers what it was told, and what it was told when. */
import type { EdgePort, Switch } from "../edge/switch.ts";

export class MemorySwitch implements Switch {
  readonly entries = new Map<string, EdgePort>();
  readonly told: string[] = [];

  set(ports: readonly EdgePort[]): Promise<void> {
    for (const port of ports) {
      this.entries.set(placeOf(port), port);
      this.told.push(`${port.mode} ${port.service}/${port.name} → ${port.endpoints.map(({ id }) => id).join() || "nobody"}`);
    }
    return Promise.resolve();
  }

  remove(ports: readonly Pick<EdgePort, "bind" | "port">[]): Promise<void> {
    for (const port of ports) this.entries.delete(placeOf(port));
    return Promise.resolve();
  }

  drain(endpoint: string): Promise<number> {
    this.told.push(`drain ${endpoint}`);
    return Promise.resolve(0);
  }

  list(): Promise<EdgePort[]> {
    return Promise.resolve([...this.entries.values()]);
  }
}

// Private

function placeOf({ bind, port }: Pick<EdgePort, "bind" | "port">): string {
  return `${bind} ${port}`;
}
