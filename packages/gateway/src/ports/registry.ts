/**
 * Who has which port: claims in the store that all instances share, each in agreement with the operating system at the moment it is made. No port
 * is given twice, because a claim is written only over the state it was decided on; whoever was slower looks again. Leases end by themselves: at
 * once for whoever asks, and the leader sweeps them out of the store.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Tide } from "@tidegate/streams";
import type { EdgePort } from "../edge/switch.ts";
import { GatewayError } from "../errors.ts";
import type { Entities, Table } from "../store/entities.ts";
import { Draft, type PortData } from "./draft.ts";
import { Finder } from "./finder.ts";
import { freeStretches } from "./free.ts";
import { Inspector } from "./inspector.ts";
import { checkBind, normalBind } from "./overlaps.ts";
import type { OwnedPort, PortCheck, PortClaim, PortRequest, Ports } from "./ports.ts";
import type { Protocol } from "./probe.ts";
import { checkPort, checkProtocol, checkRequests, checkTtl, invalid, type CheckedRequest } from "./request.ts";
import { RESTRICTED } from "./restricted.ts";
import { Sweeper } from "./sweeper.ts";

export interface PortRegistryOptions {
  readonly entities: Pick<Entities, "table" | "change">;
  readonly tide: () => Pick<Tide, "trace">;
  /** Only the leader sweeps. */
  readonly leads: () => boolean;
  readonly onTrouble: (component: string, message: string) => void;
  /** Ports of Tidegate itself, beside those of system services. */
  readonly restricted?: readonly number[];
  /** Where our own edge listens: no conflict for the service it listens for. */
  readonly listening?: () => Promise<readonly EdgePort[]>;
  /** Unix ms. */
  readonly now?: () => number;
}

/** Looks again so often when somebody else was faster; of those who meet one is always through. */
const TRIES = 40;
/** Who acts when nobody asked. */
const SELF = "tidegate";
/** Changes of one step of the store. */
const STEP = 256;

export class PortRegistry implements Ports {
  readonly name = "ports";
  readonly #options: PortRegistryOptions;
  readonly #restricted: ReadonlySet<number>;
  readonly #inspector: Inspector;
  readonly #sweeper: Sweeper;
  /** One after the other in a process: two probes of the same port would take each other for a stranger. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PortRegistryOptions) {
    this.#options = options;
    this.#restricted = new Set([...RESTRICTED, ...(options.restricted ?? [])]);
    this.#inspector = new Inspector(this.#restricted, options.listening ?? (async () => await Promise.resolve([])));
    this.#sweeper = new Sweeper({
      sweep: () => this.#change(SELF, () => {}, true),
      leads: options.leads,
      onTrouble: (message) => options.onTrouble(this.name, message),
    });
  }

  async claim(requests: readonly PortRequest[]): Promise<PortClaim[]> {
    const checked = checkRequests(requests);
    const [first] = checked;
    if (first === undefined) return [];
    const attributes = { owner: first.owner, ports: checked.length };
    return await this.#options.tide().trace("ports_claim", attributes, () => this.#inTurn(() => this.#claim(checked, first.by)));
  }

  async release(owner: string, port?: OwnedPort, by?: string): Promise<PortClaim[]> {
    const mine = ownedBy(owner, port);
    return await this.#change(by ?? SELF, (draft) => {
      const gone = draft.claims().filter(mine);
      for (const claim of gone) draft.remove(claim);
      return gone;
    });
  }

  async renew(owner: string, ttl: number, port?: OwnedPort, by?: string): Promise<PortClaim[]> {
    const until = this.#now() + checkTtl(ttl) * 1000;
    const mine = ownedBy(owner, port);
    return await this.#change(by ?? SELF, (draft) => {
      const leases = draft.claims().filter((claim) => mine(claim) && claim.until !== null);
      if (leases.length === 0) throw noLease(owner, port);
      return leases.map((claim) => draft.replace(claim, { ...claim, until }));
    });
  }

  async list({ owner }: { readonly owner?: string } = {}): Promise<PortClaim[]> {
    return (await this.#draft()).claims().filter((claim) => owner === undefined || claim.owner === owner);
  }

  async at(place: OwnedPort): Promise<PortClaim[]> {
    checkPort(place.port);
    return (await this.#draft()).claims().filter(isAt(place));
  }

  async check(port: number, bind: string, protocol: Protocol): Promise<PortCheck> {
    const place = { port: checkPort(port), bind: checkBind(bind), protocol: checkProtocol(protocol) };
    return await this.#inTurn(async () => await this.#inspector.check(await this.#draft(), place));
  }

  async available(least: number): Promise<{ from: number; to: number; count: number }[]> {
    return await freeStretches((await this.#draft()).claims(), this.#restricted, least);
  }

  // Part

  async start(): Promise<void> {
    await this.#sweeper.start();
  }

  async stop(): Promise<void> {
    await this.#sweeper.stop();
  }

  health(): { healthy: boolean; detail?: string } {
    const { problem } = this.#sweeper;
    return problem === null ? { healthy: true } : { healthy: true, detail: problem };
  }

  // Private

  get #table(): Table<PortData> {
    return this.#options.entities.table<PortData>("port");
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  async #draft(): Promise<Draft> {
    return new Draft(await this.#table.list(), this.#now());
  }

  async #claim(requests: readonly CheckedRequest[], by: string): Promise<PortClaim[]> {
    return await this.#change(by, async (draft) => {
      const finder = new Finder(draft, this.#restricted, this.#inspector);
      const claims: PortClaim[] = [];
      for (const request of requests) claims.push(this.#kept(draft, request, claims) ?? (await this.#given(draft, finder, request)));
      return claims;
    });
  }

  #kept(draft: Draft, request: CheckedRequest, besides: readonly PortClaim[]): PortClaim | null {
    const held = draft.held(request, besides);
    if (held === null) return null;
    const until = this.#until(request);
    return until === held.until ? held : draft.replace(held, { ...held, until });
  }

  async #given(draft: Draft, finder: Finder, request: CheckedRequest): Promise<PortClaim> {
    const { protocol, bind, owner, by, description = "" } = request;
    const port = await finder.find(request);
    return draft.add({ port, protocol, bind, owner, by, at: this.#now(), until: this.#until(request), description });
  }

  #until({ ttl }: CheckedRequest): number | null {
    return ttl === undefined ? null : this.#now() + ttl * 1000;
  }

  /** Decides on what there is and writes it, again while others are faster. */
  async #change<T>(by: string, decide: (draft: Draft) => T | Promise<T>, sweep = false): Promise<T> {
    for (let tries = 1; ; tries++) {
      const draft = await this.#draft();
      const result = await decide(draft);
      try {
        await this.#write(draft, by, sweep);
        return result;
      } catch (error) {
        if (!wasFaster(error) || tries === TRIES) throw error;
        await pause(Math.random() * Math.min(5 * tries, 100));
      }
    }
  }

  async #write(draft: Draft, by: string, sweep: boolean): Promise<void> {
    const changes = draft.changes(sweep);
    if (changes.length === 0) return;
    const write = async (): Promise<void> => {
      for (let at = 0; at < changes.length; at += STEP) await this.#options.entities.change(changes.slice(at, at + STEP), by);
    };
    await (sweep ? this.#options.tide().trace("ports_sweep", { ports: changes.length }, write) : write());
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return await turn;
  }
}

// Private

function ownedBy(owner: string, place?: OwnedPort): (claim: PortClaim) => boolean {
  const there = place === undefined ? () => true : isAt(place);
  return (claim) => claim.owner === owner && there(claim);
}

function isAt(place: OwnedPort): (claim: PortClaim) => boolean {
  const bind = place.bind === undefined ? null : normalBind(place.bind);
  if (place.bind !== undefined && bind === null) throw invalid(`${JSON.stringify(place.bind.slice(0, 64))} is no address`);
  return ({ port, protocol, bind: at }) => port === place.port && protocol === place.protocol && (bind === null || at === bind);
}

function noLease(owner: string, place?: OwnedPort): GatewayError {
  const where = place === undefined ? "no port" : `not ${place.protocol}/${place.port}`;
  return new GatewayError("UNKNOWN_PORT", `${owner} has ${where} on a lease that could be renewed.`, {
    hint: "See who has what: tidegate port ls",
  });
}

function wasFaster(error: unknown): boolean {
  return error instanceof GatewayError && ["VERSION_CONFLICT", "NAME_TAKEN", "UNKNOWN_ENTITY"].includes(error.code);
}
