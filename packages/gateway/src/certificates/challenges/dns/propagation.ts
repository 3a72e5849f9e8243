/**
 * Waits until a CA would find a TXT record: every name server in charge of the name shows the value. A CA asks any of them, from several places; one that
 * answers without the value fails the order. One that answers nobody does not: resolvers go on to the next, and so does this after a few tries. Where none
 * answers, because this machine may ask its own resolvers only, those are believed.
 */
import type { Clock } from "../../clock.ts";
import { challengeFailed } from "../failed.ts";
import { ask, type DnsServer } from "./exchange.ts";
import { Lookup, serverOf } from "./lookup.ts";
import { RCODE, textOf, TYPE } from "./message.ts";
import type { TxtRecord } from "./writer.ts";

export interface PropagationOptions {
  readonly clock: Clock;
  /** Default: those of the machine. */
  readonly resolvers?: readonly string[];
  /** In place of the name servers of the zone, with their port or without. */
  readonly nameServers?: readonly string[];
  /** Of name servers. Default 53. */
  readonly port?: number;
}

interface Watched {
  readonly name: string;
  readonly servers: readonly DnsServer[];
  state: "silent" | "lacking" | "shown";
  /** In a row. */
  silences: number;
}

/** Milliseconds. */
const LIMIT = 120_000;
/** Between rounds, ms: at first, and at most. */
const PAUSE = { first: 500, most: 5_000 };
const MOST_SILENCES = 3;
const FRESH = { state: "silent", silences: 0 } as const;

export class Propagation {
  readonly #options: PropagationOptions;
  readonly #lookup: Lookup;

  constructor(options: PropagationOptions) {
    this.#options = options;
    this.#lookup = new Lookup(options.resolvers);
  }

  /** Where the record for a domain belongs: `_acme-challenge.<domain>`, or where a CNAME there leads. */
  async recordName(domain: string, signal: AbortSignal): Promise<string> {
    return await this.#lookup.canonical(`_acme-challenge.${domain}`, signal);
  }

  /** CHALLENGE_FAILED says who does not show it. */
  async seen(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.now() + LIMIT;
    let watched = await this.#watched(record.name, signal);
    for (let wait = PAUSE.first; ; wait = Math.min(wait * 1.5, PAUSE.most)) {
      // oxlint-disable-next-line no-await-in-loop -- round by round
      await Promise.all(watched.filter(({ state }) => state !== "shown").map((one) => look(one, record, signal)));
      signal.throwIfAborted();
      if (isSeen(watched)) return;
      if (watched.every(isAway)) watched = this.#lookup.resolvers.map((server) => ({ name: server.host, servers: [server], ...FRESH }));
      if (clock.now() >= deadline) throw notSeen(record, watched);
      // oxlint-disable-next-line no-await-in-loop
      await clock.sleep(wait, signal);
      signal.throwIfAborted();
    }
  }

  // Private

  async #watched(name: string, signal: AbortSignal): Promise<Watched[]> {
    const { nameServers, port = 53 } = this.#options;
    if (nameServers !== undefined) return nameServers.map((text) => ({ name: text, servers: [serverOf(text, port)], ...FRESH }));
    const found = await this.#lookup.nameServers(name, signal);
    return found.map((one) => ({ name: one.name, servers: one.addresses.map((host) => ({ host, port })), ...FRESH }));
  }
}

// Private

/** At its addresses in turn until one answers. */
async function look(watched: Watched, { name, value }: TxtRecord, signal: AbortSignal): Promise<void> {
  for (const server of watched.servers) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await ask(server, { name, type: TYPE.TXT }, signal).catch(() => null);
    if (answer === null || (answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN)) continue;
    const shown = answer.answers.some((record) => record.type === TYPE.TXT && record.name === name && textOf(record) === value);
    watched.state = shown ? "shown" : "lacking";
    watched.silences = 0;
    return;
  }
  watched.state = "silent";
  watched.silences += 1;
}

function isSeen(watched: readonly Watched[]): boolean {
  const open = watched.filter(({ state }) => state !== "shown");
  return open.length < watched.length && open.every(isAway);
}

function isAway({ state, silences }: Watched): boolean {
  return state === "silent" && silences >= MOST_SILENCES;
}

function notSeen({ name }: TxtRecord, watched: readonly Watched[]): Error {
  const of = (wanted: Watched["state"]): string =>
    watched
      .filter(({ state }) => state === wanted)
      .map((one) => one.name)
      .join(", ");
  const [lacking, silent] = [of("lacking"), of("silent")];
  const said = [lacking === "" ? "" : `${lacking} answer without it`, silent === "" ? "" : `${silent} do not answer`].filter(Boolean);
  return challengeFailed(`The TXT record ${name} was written, but is not seen after ${LIMIT / 1_000} s: ${said.join("; ")}.`, {
    hint: "See whether the hook wrote it into the zone these servers serve, and whether its secondaries are told of changes.",
  });
}
