/** Says of one port whether it can be had, and else who has it: a claim of ours, our own edge, or a program by its name. */
import type { EdgePort } from "../edge/switch.ts";
import type { Draft } from "./draft.ts";
import { inWords, NOBODY, processAt, strangerAt } from "./holder.ts";
import { notHere, overlaps } from "./overlaps.ts";
import type { PortCheck, PortHolder } from "./ports.ts";
import { probeAgain, type Protocol } from "./probe.ts";
import { RESTRICTED_WORDS } from "./restricted.ts";

export interface Place {
  readonly port: number;
  readonly bind: string;
  readonly protocol: Protocol;
}

export class Inspector {
  readonly #restricted: ReadonlySet<number>;
  readonly #listening: () => Promise<readonly EdgePort[]>;

  constructor(restricted: ReadonlySet<number>, listening: () => Promise<readonly EdgePort[]>) {
    this.#restricted = restricted;
    this.#listening = listening;
  }

  async check(draft: Draft, place: Place): Promise<PortCheck> {
    const { port, bind, protocol } = place;
    const answer = { port, bind_address: bind, protocol };
    if (this.#restricted.has(port)) return { ...answer, available: false, reason: RESTRICTED_WORDS, holder: await restrictedAt(place) };
    const claim = draft.holder(protocol, bind, port);
    if (claim !== null) {
      const holder: PortHolder = { kind: "claim", who: claim.owner, claim, process: null };
      return { ...answer, available: false, reason: `Port is already allocated to ${claim.owner}`, holder };
    }
    return { ...answer, ...(await this.#asked(place)) };
  }

  /** Whether our own edge listens there, for this owner. */
  async listensFor(owner: string, protocol: Protocol, bind: string, port: number): Promise<boolean> {
    const found = await this.#edgeAt(protocol, bind, port);
    return found !== undefined && ownerOf(found) === owner && found.bind === bind;
  }

  async strangerAt(protocol: Protocol, bind: string, port: number): Promise<PortHolder> {
    const edge = await this.#edgeAt(protocol, bind, port);
    if (edge === undefined) return await strangerAt(protocol, bind, port);
    return { kind: "process", who: `${ownerOf(edge)} (Tidegate's edge listens for it)`, claim: null, process: null };
  }

  // Private

  async #asked({ protocol, bind, port }: Place): Promise<Pick<PortCheck, "available" | "reason" | "holder">> {
    const found = await probeAgain(protocol, bind, port);
    if (found === "free") return { available: true, reason: null, holder: NOBODY };
    if (found === "no_address") throw notHere(bind);
    if (found === "forbidden")
      return { available: false, reason: "The operating system keeps low ports for root", holder: { ...NOBODY, kind: "restricted" } };
    const holder = await this.strangerAt(protocol, bind, port);
    return { available: false, reason: `Port is in use by ${holder.who}`, holder };
  }

  async #edgeAt(protocol: Protocol, bind: string, port: number): Promise<EdgePort | undefined> {
    if (protocol === "udp") return undefined;
    return (await this.#listening()).find((one) => one.port === port && overlaps(one.bind, bind));
  }
}

// Private

function ownerOf({ service, name }: EdgePort): string {
  return `service:${service}/${name}`;
}

async function restrictedAt({ protocol, bind, port }: Place): Promise<PortHolder> {
  const process = await processAt(protocol, bind, port);
  return { kind: "restricted", who: process === null ? "nobody" : inWords(process), claim: null, process };
}
