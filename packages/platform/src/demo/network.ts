/**
 * The network service: listening sockets of this machine, what is reachable from outside, and whether the rules are kept.
 * Looks at the kernel's table only; sends no packet.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { checkRules } from "./compliance.ts";
import { keyOf, readListeners } from "./machine/listeners.ts";
import type { Listener } from "./machine/listeners.ts";
import { isUnavailable } from "./machine/source.ts";
import type { Duty, Member, Publish, Role } from "./member.ts";

const SCAN_EVERY = 4_000;
/** An open listener is reported again after this many scans (about two minutes), so that it is not forgotten. */
const REMIND_AFTER = 30;
/** Per scan, so that a machine full of open ports does not flood the topic. */
const MOST_REPORTS = 5;
const SECRETS = ["admin-token", "redis-password"];

export function networkRole(dataFolder: string): Role {
  return { topic: "network", listensTo: [], begin: (publish) => new Network(publish, dataFolder) };
}

class Network implements Member {
  readonly duties: readonly Duty[] = [{ name: "socket scan", every: SCAN_EVERY, run: () => this.#scan() }];
  readonly #publish: Publish;
  readonly #dataFolder: string;
  /** Scan in which a listener was last reported. */
  readonly #reported = new Map<string, number>();
  #known: ReadonlyMap<string, Listener> | null = null;
  #scans = 0;
  #missing: string[] = [];

  constructor(publish: Publish, dataFolder: string) {
    this.#publish = publish;
    this.#dataFolder = dataFolder;
  }

  missing(): readonly string[] {
    return this.#missing;
  }

  async #scan(): Promise<void> {
    this.#scans += 1;
    const listeners = await readListeners();
    this.#missing = listeners === null ? ["sockets skipped: no /proc/net/tcp"] : [];
    await this.#publishScan(listeners ?? []);
    for (const listener of this.#due(listeners ?? [])) await this.#report(listener);
    await this.#publishCompliance(listeners ?? []);
  }

  async #publishScan(listeners: readonly Listener[]): Promise<void> {
    const now = new Map(listeners.map((listener) => [keyOf(listener), listener]));
    const before = this.#known ?? now;
    this.#known = now;
    await this.#publish("network_scan_completed", {
      listeners: now.size,
      opened: [...now.values()].filter((listener) => !before.has(keyOf(listener))),
      closed: [...before.values()].filter((listener) => !now.has(keyOf(listener))),
      skipped: this.#missing,
    });
  }

  #due(listeners: readonly Listener[]): Listener[] {
    const open = listeners.filter(({ scope }) => scope === "wildcard");
    const due = open.filter((listener) => this.#scans - (this.#reported.get(keyOf(listener)) ?? -Infinity) >= REMIND_AFTER);
    return due.slice(0, MOST_REPORTS);
  }

  async #report(listener: Listener): Promise<void> {
    const kind = listener.family === 4 ? "ipv4_wildcard" : "ipv6_wildcard";
    const advice = "Bind it to 127.0.0.1 or ::1, or put a firewall in front.";
    await this.#publish(
      "vulnerability_detected",
      { kind, address: keyOf(listener), port: listener.port, uid: listener.uid, advice },
      { priority: "high" },
    );
    this.#reported.set(keyOf(listener), this.#scans);
  }

  async #publishCompliance(listeners: readonly Listener[]): Promise<void> {
    const secrets = await Promise.all(SECRETS.map(async (name) => ({ name, mode: await modeOf(join(this.#dataFolder, name)) })));
    const results = checkRules({ listeners, dataFolderMode: await modeOf(this.#dataFolder), secrets });
    await this.#publish("compliance_check_done", { passed: results.every(({ passed }) => passed), results });
  }
}

// Private

async function modeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
}
