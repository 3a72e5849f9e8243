/**
 * Everything a worker serves HTTP by, made of what it knows: immutable, swapped whole, and made anew only where something changed. Requests under way
 * keep the one they began with.
 */
import { compileTable, type RouteTable } from "../../routes/table.ts";
import type { RouteData, TargetData } from "../../routes/spec.ts";
import type { ExternalService, ServiceData } from "../../services/spec.ts";
import { parsePlace, type Places } from "../places.ts";
import type { EdgePort } from "../switch.ts";
import { dataOf, NOTHING, type Known } from "./known.ts";

export interface EdgeState {
  readonly table: RouteTable;
  /** Where a service is reached; null: nobody knows it. `port`: null is its first. */
  service(name: string, port: string | null): ServicePlace | null;
}

export type ServicePlace = { readonly kind: "ours"; readonly port: EdgePort } | { readonly kind: "external"; readonly url: string };

/** Makes the next state of the last one. */
export class EdgeStates {
  #known: Known = NOTHING;
  #table: RouteTable = compileTable({ targets: [], routes: [] });
  #places: Places = new Map();
  #ports = new Map<string, { readonly text: string; readonly port: EdgePort }>();
  #current: EdgeState;

  constructor() {
    this.#current = this.#make();
  }

  get current(): EdgeState {
    return this.#current;
  }

  know(known: Known): void {
    const { target, route } = this.#known.entities;
    if (known.entities.target !== target || known.entities.route !== route) {
      this.#table = compileTable({ targets: dataOf<TargetData>(known, "target"), routes: dataOf<RouteData>(known, "route") });
    }
    this.#known = known;
    this.#current = this.#make();
  }

  place(places: Places): void {
    if (places === this.#places) return;
    this.#places = places;
    const before = this.#ports;
    this.#ports = new Map();
    for (const [field, text] of places) {
      const same = before.get(field);
      this.#ports.set(field, same?.text === text ? same : { text, port: parsePlace(text) });
    }
    this.#current = this.#make();
  }

  // Private

  #make(): EdgeState {
    const { entities } = this.#known;
    const ports = new Map([...this.#ports.values()].map(({ port }) => [`${port.service}/${port.name}`, port]));
    return {
      table: this.#table,
      service: (name, wanted) => {
        const external = entities.external_service.get(name);
        if (external !== undefined) return { kind: "external", url: (external.data as ExternalService).url };
        const service = entities.service.get(name)?.data as ServiceData | undefined;
        const port = wanted ?? firstPort(service);
        const found = port === null ? undefined : ports.get(`${name}/${port}`);
        return found === undefined ? null : { kind: "ours", port: found };
      },
    };
  }
}

// Private

function firstPort(service: ServiceData | undefined): string | null {
  return service?.spec.port_configs.find(({ protocol }) => protocol === "tcp")?.name ?? null;
}
