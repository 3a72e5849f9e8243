/**
 * What the DNS of the world says about a name, by the resolvers of this machine: where a challenge's name leads, and who is in charge of it. Not by
 * `node:dns`, whose answers do not tell which name they are of.
 */
import { getServers } from "node:dns";
import { isIP } from "node:net";
import { challengeFailed, wordsOf } from "../failed.ts";
import { ask, type DnsServer } from "./exchange.ts";
import { RCODE, TYPE, type DnsMessage, type ReadRecord } from "./message.ts";

export interface NameServer {
  readonly name: string;
  readonly addresses: readonly string[];
}

const DNS_PORT = 53;
const MOST_CNAMES = 8;

export class Lookup {
  readonly resolvers: readonly DnsServer[];

  /** As `node:dns` has them: `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:53`. */
  constructor(resolvers: readonly string[] = getServers()) {
    this.resolvers = resolvers.map((text) => serverOf(text, DNS_PORT));
  }

  /** The name at the end of all CNAMEs. */
  async canonical(name: string, signal: AbortSignal): Promise<string> {
    let at = name;
    for (let count = 0; count <= MOST_CNAMES; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- each leads to the next
      const [next] = of(await this.#ask(at, TYPE.CNAME, signal), at, TYPE.CNAME);
      if (next === undefined) return at;
      at = next.target;
    }
    throw challengeFailed(`${name} leads through more than ${MOST_CNAMES} CNAMEs, or in a circle.`);
  }

  /** Of the zone the name is in. */
  async nameServers(name: string, signal: AbortSignal): Promise<NameServer[]> {
    for (let zone = name; zone !== ""; zone = zone.split(".").slice(1).join(".")) {
      // oxlint-disable-next-line no-await-in-loop -- the deepest counts
      const found = of(await this.#ask(zone, TYPE.NS, signal), zone, TYPE.NS);
      // oxlint-disable-next-line no-await-in-loop
      if (found.length > 0) return await Promise.all(found.map(({ target }) => this.#withAddresses(target, signal)));
    }
    throw challengeFailed(`No zone of ${name} has name servers.`, { hint: "Register the domain and set its name servers first." });
  }

  // Private

  async #withAddresses(name: string, signal: AbortSignal): Promise<NameServer> {
    const answers = await Promise.all([TYPE.A, TYPE.AAAA].map((type) => this.#ask(name, type, signal).catch(() => null)));
    signal.throwIfAborted();
    const records = answers.flatMap((answer) => answer?.answers ?? []);
    return { name, addresses: records.flatMap(addressOf) };
  }

  /** By the first that knows, also that there is nothing. */
  async #ask(name: string, type: number, signal: AbortSignal): Promise<DnsMessage> {
    const troubles: string[] = [];
    for (const server of this.resolvers) {
      // oxlint-disable-next-line no-await-in-loop -- the next only where this one does not know
      const answer = await ask(server, { name, type }, signal).catch((error: unknown) => wordsOf(error));
      signal.throwIfAborted();
      if (typeof answer !== "string" && (answer.rcode === RCODE.NOERROR || answer.rcode === RCODE.NXDOMAIN)) return answer;
      troubles.push(`${server.host}: ${typeof answer === "string" ? answer : `RCODE ${answer.rcode}`}`);
    }
    const said = troubles.length === 0 ? "this machine has none" : troubles.join("; ");
    throw challengeFailed(`No resolver of this machine answers about ${name} (${said}).`, { hint: "See /etc/resolv.conf." });
  }
}

export function serverOf(text: string, usualPort: number): DnsServer {
  if (isIP(text) !== 0) return { host: text, port: usualPort };
  const [, host = text, port] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(text) ?? [];
  return { host, port: port === undefined ? usualPort : Number(port) };
}

// Private

function of(message: DnsMessage, name: string, type: number): ReadRecord[] {
  return message.answers.filter((record) => record.type === type && record.name === name);
}

function addressOf({ type, data }: ReadRecord): string[] {
  if (type === TYPE.A && data.length === 4) return [data.join(".")];
  if (type !== TYPE.AAAA || data.length !== 16) return [];
  return [Array.from({ length: 8 }, (_, at) => data.readUInt16BE(at * 2).toString(16)).join(":")];
}
