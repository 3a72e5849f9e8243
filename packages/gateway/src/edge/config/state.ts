/**
 * Everything a worker serves HTTP by, made of what it knows: immutable, swapped whole, and made anew only where something changed. Requests under way
 * keep the one they began with.
 */
import { compileTable, type RouteTable, type TargetEntry } from "../../routes/table.ts";
import type { ExternalService, ServiceData } from "../../services/spec.ts";
import { parsePlace, type Places } from "../places.ts";
import type { EdgePort } from "../switch.ts";
import { NOTHING, type Known } from "./known.ts";
import { compileUsable, usable, type Fault } from "./usable.ts";

export interface EdgeState {
  readonly table: RouteTable;
  /** Where a service is reached; null: nobody knows it. `port`: null is its first. */
  service(name: string, port: string | null): ServicePlace | null;
}

export type ServicePlace = { readonly kind: "ours"; readonly port: EdgePort } | { readonly kind: "external"; readonly url: string };

/** Makes the next state of the last one. */
export class EdgeStates {
  #known: Known = NOTHING;
  #routing: { readonly table: RouteTable; readonly targets: readonly TargetEntry[]; readonly faults: readonly Fault[] } = {
    table: compileTable({ targets: [], routes: [] }),
    targets: [],
    faults: [],
  };
  #services: Services = { ours: new Map(), external: new Map(), faults: [] };
  #places: Places = new Map();
  #ports = new Map<string, { readonly text: string; readonly port: EdgePort }>();
  #current: EdgeState;

  constructor() {
    this.#current = this.#make();
  }

  get current(): EdgeState {
    return this.#current;
  }

  /** Whose rules are in force. */
  get targets(): readonly TargetEntry[] {
    return this.#routing.targets;
  }

  /** What is left out. */
  get faults(): readonly Fault[] {
    return [...this.#routing.faults, ...this.#services.faults];
  }

  /** Whatever is in it, everything of it that can be served by is in force afterwards. */
  know(known: Known): void {
    const { target, route, service, external_service: external } = this.#known.entities;
    const { entities } = known;
    if (entities.target !== target || entities.route !== route) this.#routing = compileUsable(known);
    if (entities.service !== service || entities.external_service !== external) this.#services = servicesOf(known);
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
    const { ours, external } = this.#services;
    const ports = new Map([...this.#ports.values()].map(({ port }) => [`${port.service}/${port.name}`, port]));
    return {
      table: this.#routing.table,
      service: (name, wanted) => {
        const url = external.get(name);
        if (url !== undefined) return { kind: "external", url };
        const port = wanted ?? ours.get(name) ?? null;
        const found = port === null ? undefined : ports.get(`${name}/${port}`);
        return found === undefined ? null : { kind: "ours", port: found };
      },
    };
  }
}

// Private

interface Services {
  /** The name of its first TCP port, by service; of those that have one. */
  readonly ours: ReadonlyMap<string, string>;
  /** Its URL, by service. */
  readonly external: ReadonlyMap<string, string>;
  readonly faults: readonly Fault[];
}

function servicesOf(known: Known): Services {
  const faults: Fault[] = [];
  const ours = usable<ServiceData>(known, "service", faults).flatMap(({ name, data }) => {
    const port = data.spec.port_configs.find(({ protocol }) => protocol === "tcp")?.name;
    return port === undefined ? [] : [[name, port] as const];
  });
  const external = usable<ExternalService>(known, "external_service", faults).map(({ name, data }) => [name, data.url] as const);
  return { ours: new Map(ours), external: new Map(external), faults };
}
