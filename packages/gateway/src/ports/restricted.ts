/** Ports nobody gets from us: SSH, mail, DNS, the web, databases, and Docker's own door to the machine. */
import { GatewayError } from "../errors.ts";

export const RESTRICTED: readonly number[] = [22, 25, 53, 80, 443, 2375, 2376, 3306, 5432, 6379, 27017];

/** The earlier systems' words; programs may look for them. */
export const RESTRICTED_WORDS = "Port is restricted by system policy";

export function restricted(port: number): GatewayError {
  return new GatewayError("PORT_RESTRICTED", `Port ${port} is kept for system services or for Tidegate itself and is never given.`, {
    hint: `Take another one. Never given are ${RESTRICTED.join(", ")} and the ports of Tidegate's console and Redis.`,
  });
}

/** The operating system's own limit: https://man7.org/linux/man-pages/man7/ip.7.html, `ip_unprivileged_port_start`. */
export function privileged(port: number): GatewayError {
  return new GatewayError(
    "PORT_RESTRICTED",
    `Port ${port} may not be listened on by this user: the operating system keeps low ports for root.`,
    {
      hint: "Take one from 1024, or let every user listen from 80: sudo sysctl net.ipv4.ip_unprivileged_port_start=80",
    },
  );
}
