/**
 * Every key the platform keeps beside the streams, with its type, lifetime and owner. `<prefix>` keeps two installations in one database
 * apart (`TELEMETRY_PREFIX`); what belongs to one namespace carries its name.
 */
export class PlatformKeys {
  readonly namespace: string;
  readonly prefix: string;

  constructor(namespace: string, prefix: string) {
    this.namespace = namespace;
    this.prefix = prefix;
  }

  /** stream of the library's sink: `logs` or `events`, and `all`, `request`, `service`, …. */
  stream(kind: "logs" | "events", part: string): string {
    return `${this.prefix}${kind}:${part}:stream`;
  }

  /** stream; per-second aggregates of messaging. */
  aggregates(): string {
    return `${this.namespace}:metrics:events`;
  }

  /** hash holder, until (ms by the server's clock), fence; owner: `Lease`. */
  lease(name: string): string {
    return `${this.prefix}tidegate:lease:${name}`;
  }

  /** hash id, read, lost: how far one group of ours has got in one stream; moved only together with the effect; owner: `Processor`. */
  cursor(group: string, stream: string): string {
    return `${this.prefix}tidegate:cursor:${group}:${stream}`;
  }

  /** stream; changes of state of the namespace's components, capped; owner: `StateHistory`. */
  stateHistory(): string {
    return `${this.prefix}tidegate:history:${this.namespace}`;
  }

  /** hash name → last pid of every service the namespace has ever had; owner: `Services`. */
  services(): string {
    return `${this.prefix}tidegate:services:${this.namespace}`;
  }

  /** Everything of one processor: `metrics:…`, `log:…`, `alerts:…`. */
  own(...parts: string[]): string {
    return this.prefix + parts.join(":");
  }
}
