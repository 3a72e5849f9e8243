/**
 * The assets service: processes, disks, interfaces and packages of this machine, and what became of them.
 * Names, owners and sizes only; command lines and environments are never read.
 */
import { networkInterfaces } from "node:os";
import { Inventory } from "./inventory.ts";
import type { Asset, Changes } from "./inventory.ts";
import { readDisks } from "./machine/disks.ts";
import type { Disk } from "./machine/disks.ts";
import { PackageList } from "./machine/packages.ts";
import type { Packages } from "./machine/packages.ts";
import { readProcesses } from "./machine/processes.ts";
import type { MachineProcess } from "./machine/processes.ts";
import type { Duty, Member, Publish, Role } from "./member.ts";

const SCAN_EVERY = 5_000;
/** The first look announces more, later ones stay modest whatever the machine does. */
const FIRST = { created: 40, updated: 0 };
const LATER = { created: 8, updated: 5 };

export function assetsRole(): Role {
  return { topic: "assets", listensTo: [], begin: (publish) => new Assets(publish) };
}

class Assets implements Member {
  readonly duties: readonly Duty[] = [{ name: "inventory", every: SCAN_EVERY, run: () => this.#scan() }];
  readonly #publish: Publish;
  readonly #packages = new PackageList();
  readonly #inventories = { processes: new Inventory(), fixtures: new Inventory(), packages: new Inventory() };
  #missing: string[] = [];
  #scans = 0;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  missing(): readonly string[] {
    return this.#missing;
  }

  async #scan(): Promise<void> {
    const started = performance.now();
    const [processes, disks, packages] = await Promise.all([readProcesses(), readDisks(), this.#packages.read()]);
    this.#missing = missingOf({ processes, disks, packages });
    const fixtures = [...(disks ?? []).map(diskAsset), ...interfaceAssets()];
    const installed = (packages === null ? [] : [...packages]).map(packageAsset);
    const changes = this.#look((processes ?? []).map(processAsset), fixtures, installed);
    for (const change of changes) await this.#announce(change);
    await this.#publish("asset_scanned", {
      processes: processes?.length ?? 0,
      disks: disks?.length ?? 0,
      interfaces: fixtures.length - (disks?.length ?? 0),
      packages: installed.length,
      unannounced: changes.reduce((sum, change) => sum + change.unannounced, 0),
      skipped: this.#missing,
      took_ms: Math.round(performance.now() - started),
    });
  }

  #look(processes: readonly Asset[], fixtures: readonly Asset[], packages: readonly Asset[]): Changes[] {
    const limits = this.#scans === 0 ? FIRST : LATER;
    if (this.#scans++ === 0) this.#inventories.packages.learn(packages);
    return [
      this.#inventories.processes.look(processes, limits),
      this.#inventories.fixtures.look(fixtures, limits),
      this.#inventories.packages.look(packages, limits),
    ];
  }

  async #announce(changes: Changes): Promise<void> {
    await Promise.all([
      ...changes.created.map((asset) => this.#publish("asset_created", asset)),
      ...changes.updated.map((asset) => this.#publish("asset_updated", asset)),
      ...changes.deleted.map((asset) => this.#publish("asset_deleted", asset)),
    ]);
  }
}

// Private

function processAsset(process: MachineProcess): Asset {
  const { pid, name, uid, memory } = process;
  return { id: `process/${pid}/${name}`, kind: "process", name, label: `uid ${uid}`, bytes: memory };
}

function diskAsset(disk: Disk): Asset {
  return { id: `disk/${disk.path}`, kind: "disk", name: disk.path, label: `${disk.type}, ${disk.size} bytes`, bytes: disk.used };
}

function packageAsset([name, version]: readonly [string, string]): Asset {
  return { id: `package/${name}`, kind: "package", name, label: version, bytes: 0 };
}

function interfaceAssets(): Asset[] {
  return Object.entries(networkInterfaces()).map(([name, addresses = []]) => {
    const label = addresses
      .map(({ address }) => address)
      .toSorted()
      .join(", ");
    return { id: `interface/${name}`, kind: "interface", name, label, bytes: 0 };
  });
}

function missingOf(found: { processes: unknown; disks: unknown; packages: Packages | null }): string[] {
  const missing: string[] = [];
  if (found.processes === null) missing.push("processes skipped: no readable /proc");
  if (found.disks === null) missing.push("disks skipped: no /proc/mounts");
  if (found.packages === null) missing.push("packages skipped: no dpkg status file");
  return missing;
}
