/** The peers by name. Loaded one at a time, so that no process carries another peer's code. */
import type { Peer } from "../work.ts";

export const PEERS = ["tidegate", "bullmq", "jetstream", "raw"] as const;
export type PeerName = (typeof PEERS)[number];

export async function openPeer(name: PeerName, url: string): Promise<Peer> {
  if (name === "tidegate") return (await import("./tidegate.ts")).tidegate(url);
  if (name === "bullmq") return (await import("./bullmq.ts")).bullmq(url);
  if (name === "jetstream") return (await import("./jetstream.ts")).jetStream(url);
  return (await import("./raw.ts")).raw(url);
}
