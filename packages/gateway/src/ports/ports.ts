/** Who has which port of this machine: the registry all instances share, in agreement with the operating system. */

export interface PortClaim {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly bind: string;
  /** `service:<name>/<port name>`, or whatever somebody who leases one by hand says. */
  readonly owner: string;
  /** Subject of whoever asked. */
  readonly by: string;
  /** Unix ms. */
  readonly at: number;
  /** Unix ms when it ends unless renewed; null: until released. */
  readonly until: number | null;
  readonly description: string;
}

export interface PortRequest {
  readonly owner: string;
  readonly by: string;
  readonly protocol: "tcp" | "udp";
  readonly bind: string;
  /** Exactly this one, the first free of a range, or any. */
  readonly host: number | { readonly from: number; readonly to: number } | null;
  /** Seconds of a lease. Default: until released. */
  readonly ttl?: number;
  readonly description?: string;
}

export interface PortHolder {
  readonly kind: "claim" | "process" | "restricted" | "nobody";
  /** For a person: `service:web/http`, `nginx (pid 812)`, `another program`. */
  readonly who: string;
  readonly claim: PortClaim | null;
  readonly process: { readonly pid: number; readonly name: string } | null;
}

export interface PortCheck {
  readonly port: number;
  readonly bind_address: string;
  readonly protocol: "tcp" | "udp";
  readonly available: boolean;
  readonly reason: string | null;
  readonly holder: PortHolder;
}

/** Services have theirs under `service:<name>/<port name>`; every other owner is a label by which somebody leases a port by hand. */
export function ofService(owner: string): boolean {
  return owner.startsWith("service:");
}

/** Without `bind`: on whatever addresses. */
export interface OwnedPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly bind?: string;
}

export interface Ports {
  /**
   * All of them or none. The same owner asking again gets what it has; a label is the same only for the same subject. Never another port than asked: PORT_TAKEN says who holds it;
   * NO_PORT_FREE, INVALID_PORT, PORT_RESTRICTED. Each claim is told as `port_allocated` in the same step.
   */
  claim(requests: readonly PortRequest[]): Promise<PortClaim[]>;
  /** Those of the owner, or the one of its ports; nothing happens to what it does not have. Answers what was released. */
  release(owner: string, port?: OwnedPort, by?: string): Promise<PortClaim[]>;
  /** The leases of the owner, or the one of its ports, end in so many seconds from now. UNKNOWN_PORT where there is none. */
  renew(owner: string, ttl: number, port?: OwnedPort, by?: string): Promise<PortClaim[]>;
  list(filter?: { readonly owner?: string }): Promise<PortClaim[]>;
  /** Claims of one port, on the address or on whatever addresses. INVALID_PORT. */
  at(place: OwnedPort): Promise<PortClaim[]>;
  check(port: number, bind: string, protocol: "tcp" | "udp"): Promise<PortCheck>;
  /** Stretches of free ports of at least `least`, in 1024–65535. */
  available(least: number): Promise<{ readonly from: number; readonly to: number; readonly count: number }[]>;
}
