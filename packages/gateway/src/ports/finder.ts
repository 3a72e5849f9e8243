/**
 * Finds a port for a request: not restricted, claimed by nobody, and free for the operating system. Exactly the one that was asked for, or one of
 * the range, or an error that says who has it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import { candidates } from "./candidates.ts";
import type { Draft } from "./draft.ts";
import type { Inspector } from "./inspector.ts";
import { notHere } from "./overlaps.ts";
import { probe, type Probed } from "./probe.ts";
import type { CheckedRequest } from "./request.ts";
import { privileged, restricted } from "./restricted.ts";

/** Milliseconds before what seemed taken is asked for again: another instance may only have been asking as well. */
const AGAIN = [8, 24];
/** Ports that are asked for again. */
const MOST_AGAIN = 64;

interface Tally {
  claimed: number;
  restricted: number;
  forbidden: number;
  /** For the operating system. */
  readonly taken: number[];
}

export class Finder {
  readonly #draft: Draft;
  readonly #restricted: ReadonlySet<number>;
  readonly #inspector: Inspector;

  constructor(draft: Draft, restrictedPorts: ReadonlySet<number>, inspector: Inspector) {
    this.#draft = draft;
    this.#restricted = restrictedPorts;
    this.#inspector = inspector;
  }

  /** PORT_TAKEN, PORT_RESTRICTED or INVALID_PORT for one; NO_PORT_FREE for a range. */
  async find(request: CheckedRequest): Promise<number> {
    if (request.kind === "exact") this.#refuseKnown(request);
    const tally: Tally = { claimed: 0, restricted: 0, forbidden: 0, taken: [] };
    const port = (await this.#firstFree(request, tally)) ?? (await this.#freeAgain(request, tally));
    if (port !== null) return port;
    throw request.kind === "exact" ? await this.#refusal(request, tally) : noneFree(request, tally);
  }

  // Private

  #refuseKnown({ from: port, bind, protocol }: CheckedRequest): void {
    if (this.#restricted.has(port)) throw restricted(port);
    const holder = this.#draft.holder(protocol, bind, port);
    if (holder === null) return;
    const where = holder.bind === bind ? "" : ` (on ${holder.bind})`;
    throw taken(`${protocol}/${port} on ${bind} is held by ${holder.owner}${where}.`);
  }

  async #firstFree(request: CheckedRequest, tally: Tally): Promise<number | null> {
    const { protocol, bind } = request;
    for (const port of candidates(request)) {
      if (this.#restricted.has(port)) tally.restricted++;
      else if (this.#draft.holder(protocol, bind, port) !== null) tally.claimed++;
      else if (this.#isFree(await probe(protocol, bind, port), request, port, tally)) return port;
    }
    return null;
  }

  #isFree(found: Probed, { bind }: CheckedRequest, port: number, tally: Tally): boolean {
    if (found === "no_address") throw notHere(bind);
    if (found === "taken") tally.taken.push(port);
    if (found === "forbidden") tally.forbidden++;
    return found === "free";
  }

  async #freeAgain({ protocol, bind, owner }: CheckedRequest, { taken: ports }: Tally): Promise<number | null> {
    const again = ports.slice(0, MOST_AGAIN);
    for (const port of again) if (await this.#inspector.listensFor(owner, protocol, bind, port)) return port;
    for (const wait of again.length === 0 ? [] : AGAIN) {
      await pause(wait + Math.random() * wait);
      for (const port of again) if ((await probe(protocol, bind, port)) === "free") return port;
    }
    return null;
  }

  async #refusal({ from: port, bind, protocol }: CheckedRequest, { forbidden }: Tally): Promise<GatewayError> {
    if (forbidden > 0) return privileged(port);
    const { who } = await this.#inspector.strangerAt(protocol, bind, port);
    return taken(`${protocol}/${port} on ${bind} is taken by ${who}.`);
  }
}

// Private

function taken(message: string): GatewayError {
  return new GatewayError("PORT_TAKEN", message, {
    hint: "Take another one (tidegate port available shows them), or name none and any free one is given.",
  });
}

function noneFree({ from, to, bind, protocol }: CheckedRequest, tally: Tally): GatewayError {
  if (tally.forbidden > 0 && tally.taken.length === 0 && tally.claimed === 0) return privileged(from);
  const reasons = [
    [tally.claimed, "claimed"],
    [tally.taken.length, "in use by other programs"],
    [tally.restricted, "kept for system services"],
    [tally.forbidden, "only for root"],
  ] as const;
  const words = reasons.filter(([count]) => count > 0).map(([count, why]) => `${count} ${why}`);
  return new GatewayError("NO_PORT_FREE", `No ${protocol} port of ${from}–${to} is free on ${bind}: ${words.join(", ")}.`, {
    hint: "Widen the range, or release what is not needed: tidegate port ls",
  });
}
