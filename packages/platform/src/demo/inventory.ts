/**
 * What the machine has, and what became of it since the last look. Pure. A burst (a build starting hundreds of processes)
 * is announced in part only; what was never announced is never reported as changed or gone.
 */
export interface Asset {
  /** Unique over all kinds, stable while the thing lives. */
  readonly id: string;
  readonly kind: "disk" | "interface" | "package" | "process";
  readonly name: string;
  /** Any change of it is an update: a version, addresses, an owner. */
  readonly label: string;
  /** Bytes; 0 where the kind has no size. */
  readonly bytes: number;
}

export interface Changes {
  readonly created: readonly Asset[];
  readonly updated: readonly Asset[];
  readonly deleted: readonly Asset[];
  /** Seen for the first time, but over the limit. */
  readonly unannounced: number;
}

export interface Limits {
  readonly created: number;
  readonly updated: number;
}

/** Smaller changes of size are noise: 20 % and this many bytes. */
const NOISE: Readonly<Record<Asset["kind"], number>> = { disk: 0, interface: 0, package: 0, process: 4 * 1_048_576 };
const DISK_STEP = 1_048_576;

export class Inventory {
  /** Announced assets as last announced. */
  readonly #announced = new Map<string, Asset>();
  #seen: ReadonlySet<string> = new Set();

  get size(): number {
    return this.#announced.size;
  }

  /** Takes things as known without announcing them: thousands of packages "created" at the start would tell nobody anything. */
  learn(assets: readonly Asset[]): void {
    for (const asset of assets) this.#announced.set(asset.id, asset);
    this.#seen = new Set(this.#announced.keys());
  }

  /** Compares with the last look and remembers what it answers. Larger newcomers are announced first. */
  look(assets: readonly Asset[], limits: Limits): Changes {
    const present = new Map(assets.map((asset) => [asset.id, asset]));
    const newcomers = assets.filter(({ id }) => !this.#seen.has(id)).toSorted((a, b) => b.bytes - a.bytes);
    const created = newcomers.slice(0, limits.created);
    const deleted = [...this.#announced.values()].filter(({ id }) => !present.has(id));
    const updated = assets.filter((asset) => this.#differs(asset)).slice(0, limits.updated);
    for (const asset of deleted) this.#announced.delete(asset.id);
    for (const asset of [...created, ...updated]) this.#announced.set(asset.id, asset);
    this.#seen = new Set(present.keys());
    return { created, updated, deleted, unannounced: newcomers.length - created.length };
  }

  #differs(asset: Asset): boolean {
    const before = this.#announced.get(asset.id);
    if (before === undefined) return false;
    return before.label !== asset.label || Math.abs(asset.bytes - before.bytes) >= stepOf(before);
  }
}

// Private

function stepOf(asset: Asset): number {
  if (asset.kind === "disk") return DISK_STEP;
  return Math.max(asset.bytes * 0.2, NOISE[asset.kind], 1);
}
