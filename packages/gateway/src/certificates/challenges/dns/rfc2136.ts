/**
 * Writes TXT records by dynamic update (RFC 2136) over TCP, signed with TSIG where there is a key. Adds and deletes its own value and no other. An answer that
 * is not signed with the key counts as none.
 */
import type { DnsHook } from "../../authority.ts";
import type { Clock } from "../../clock.ts";
import { challengeFailed, wordsOf } from "../failed.ts";
import { overTcp, randomId } from "./exchange.ts";
import { CLASS, decodeMessage, encodeMessage, encodeText, TYPE, type DnsMessage, type OutgoingRecord } from "./message.ts";
import { isSigned, sign, signatureError, type TsigKey } from "./tsig.ts";
import type { TxtRecord, TxtWriter } from "./writer.ts";

type Settings = Extract<DnsHook, { kind: "rfc2136" }>;

/** Milliseconds. */
const LIMIT = 15_000;
/** Seconds: a value is asked for once. */
const TTL = 60;
const UPDATE = 5 << 11;
const QUERY = 0;
const NAMES: Readonly<Record<number, string>> = { 1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH", 10: "NOTZONE" };
const HINTS: Readonly<Record<string, string>> = {
  BADSIG: "The secret of ACME_DNS_RFC2136 is not the server's for this key.",
  BADKEY: "The server knows no key of this name and algorithm; compare ACME_DNS_RFC2136 with its configuration.",
  BADTIME: "The clocks of this machine and of the server differ by more than five minutes.",
  REFUSED: "The server's rules must let this key write TXT records of _acme-challenge names (BIND: update-policy).",
  NOTAUTH: "The server must be the primary of the zone; the zone of ACME_DNS_RFC2136 may be another one.",
};
const SIGNATURE_ERRORS: Readonly<Record<number, string>> = { 16: "BADSIG", 17: "BADKEY", 18: "BADTIME" };

export class DynamicUpdate implements TxtWriter {
  readonly #settings: Settings;
  readonly #key: TsigKey | null;
  readonly #clock: Clock;

  constructor(settings: Settings, clock: Clock) {
    const { key } = settings;
    this.#settings = settings;
    this.#key = key === null ? null : { name: key.name, algorithm: key.algorithm, secret: Buffer.from(key.secret, "base64") };
    this.#clock = clock;
  }

  async present({ name, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    await this.#update({ name, type: TYPE.TXT, class: CLASS.IN, ttl: TTL, data: encodeText(value) }, signal);
  }

  async clean({ name, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    await this.#update({ name, type: TYPE.TXT, class: CLASS.NONE, ttl: 0, data: encodeText(value) }, signal);
  }

  // Private

  async #update(record: OutgoingRecord, signal: AbortSignal): Promise<void> {
    const zone = this.#settings.zone?.toLowerCase().replace(/\.$/, "") ?? (await this.#zoneOf(record.name, signal));
    if (!isIn(record.name, zone))
      throw this.#failed(`${record.name} is not in the zone ${zone}`, "Set the zone of ACME_DNS_RFC2136, or none.");
    const questions = [{ name: zone, type: TYPE.SOA }];
    const answer = await this.#exchange({ id: randomId(), flags: UPDATE, questions, updates: [record] }, signal);
    if (answer.rcode !== 0) throw this.#refused(answer, `the update of ${record.name} in the zone ${zone}`);
  }

  /** Whose start of authority the server names, as an answer or as the reason that there is none. */
  async #zoneOf(name: string, signal: AbortSignal): Promise<string> {
    const answer = await this.#exchange({ id: randomId(), flags: QUERY, questions: [{ name, type: TYPE.SOA }] }, signal);
    const soa = [...answer.answers, ...answer.authority].find((record) => record.type === TYPE.SOA && isIn(name, record.name));
    if (soa !== undefined) return soa.name;
    if (answer.rcode !== 0 && answer.rcode !== 3) throw this.#refused(answer, `the question for the zone of ${name}`);
    throw this.#failed(`it has no zone of ${name}`, "ACME_DNS_RFC2136 must name the primary of the zone.");
  }

  async #exchange(message: Parameters<typeof encodeMessage>[0], signal: AbortSignal): Promise<DnsMessage> {
    const plain = encodeMessage(message);
    const key = this.#key;
    const signed = key === null ? { bytes: plain, mac: null } : sign(plain, key, this.#clock.now());
    const { bytes, answer } = await this.#ask(signed.bytes, signal);
    const isOurs = key === null || signed.mac === null || isSigned(bytes, answer, key, signed.mac, this.#clock.now());
    if (isOurs || answer.rcode !== 0) return answer;
    throw this.#failed("its answer is not signed with our key", "Somebody else may answer in its place.");
  }

  async #ask(bytes: Buffer, signal: AbortSignal): Promise<{ readonly bytes: Buffer; readonly answer: DnsMessage }> {
    const { server: host, port } = this.#settings;
    try {
      const answered = await overTcp({ host, port }, bytes, LIMIT, signal);
      return { bytes: answered, answer: decodeMessage(answered) };
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#failed(wordsOf(cause), "The server must take updates over TCP from this machine.", cause);
    }
  }

  #refused(answer: DnsMessage, what: string): Error {
    const error = SIGNATURE_ERRORS[signatureError(answer)] ?? NAMES[answer.rcode] ?? `RCODE ${answer.rcode}`;
    return this.#failed(`it refused ${what} with ${error}`, HINTS[error] ?? "Its log says why.");
  }

  #failed(why: string, hint: string, cause?: unknown): Error {
    const { server, port } = this.#settings;
    return challengeFailed(`The DNS server ${server}:${port} cannot be updated: ${why}.`, {
      hint,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

// Private

function isIn(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
