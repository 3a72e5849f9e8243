/** dns-01 (RFC 8555 §8.4): a TXT record, written by somebody of the configuration's choice, and waited for until every server of the zone has it. */
import { createHash } from "node:crypto";
import type { Propagation } from "./dns/propagation.ts";
import type { TxtRecord, TxtWriter } from "./dns/writer.ts";
import { wordsOf } from "./failed.ts";
import type { Proof, Solver } from "./solver.ts";

/** Milliseconds for taking a record away: no order waits for it. */
const CLEAN_LIMIT = 90_000;

export interface DnsSolverOptions {
  readonly writer: TxtWriter;
  readonly propagation: Propagation;
  readonly onTrouble: (message: string) => void;
}

export class DnsSolver implements Solver {
  readonly type = "dns-01";
  readonly #options: DnsSolverOptions;
  /** By key authorization; also those that may have been written. */
  readonly #written = new Map<string, TxtRecord>();

  constructor(options: DnsSolverOptions) {
    this.#options = options;
  }

  async present({ domain, keyAuthorization }: Proof, signal: AbortSignal): Promise<void> {
    const { writer, propagation } = this.#options;
    const name = await propagation.recordName(domain, signal);
    const record = { name, value: txtValue(keyAuthorization) };
    this.#written.set(keyAuthorization, record);
    await writer.present(record, signal);
    await propagation.seen(record, signal);
  }

  async clean({ domain, keyAuthorization }: Proof): Promise<void> {
    const record = this.#written.get(keyAuthorization);
    if (record === undefined) return;
    this.#written.delete(keyAuthorization);
    try {
      await this.#options.writer.clean(record, AbortSignal.timeout(CLEAN_LIMIT));
    } catch (error) {
      this.#options.onTrouble(`The TXT record ${record.name} of a challenge for ${domain} may still be there: ${wordsOf(error)}.`);
    }
  }
}

export function txtValue(keyAuthorization: string): string {
  return createHash("sha256").update(keyAuthorization).digest("base64url");
}
