/**
 * Installed Debian packages from dpkg's status file (deb-control(5)). It is large and rarely changes, so it is read again
 * only after its modification time moved.
 */
import { stat } from "node:fs/promises";
import { isUnavailable, readIfThere } from "./source.ts";

const STATUS_FILE = "/var/lib/dpkg/status";

/** Version by package name. */
export type Packages = ReadonlyMap<string, string>;

export class PackageList {
  #modified = -1;
  #packages: Packages | null = null;

  /** Null where the machine does not use dpkg. */
  async read(): Promise<Packages | null> {
    const modified = await modificationTime();
    if (modified !== this.#modified) {
      const text = modified === 0 ? null : await readIfThere(STATUS_FILE);
      this.#packages = text === null ? null : parsePackages(text);
      this.#modified = modified;
    }
    return this.#packages;
  }
}

/** Removed packages whose configuration remains are not installed. */
export function parsePackages(text: string): Packages {
  const found = new Map<string, string>();
  for (const paragraph of text.split(/\n\n+/)) {
    const name = /^Package: (.+)$/m.exec(paragraph)?.[1];
    const version = /^Version: (.+)$/m.exec(paragraph)?.[1];
    if (name !== undefined && version !== undefined && /^Status: \S+ \S+ installed$/m.test(paragraph)) found.set(name, version);
  }
  return found;
}

// Private

async function modificationTime(): Promise<number> {
  try {
    return (await stat(STATUS_FILE)).mtimeMs;
  } catch (error) {
    if (isUnavailable(error)) return 0;
    throw error;
  }
}
