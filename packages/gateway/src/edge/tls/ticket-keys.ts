/**
 * The key of session tickets, the same in all workers of a box, so that a client that comes back to another worker needs no full handshake. One for each
 * day (`tls-tickets/<day>.key`, 0600): that of another day is removed, so that an old ticket opens nothing any more.
 */
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { firstFile } from "./first-file.ts";

const DAY = 86_400_000;
/** Name, HMAC key and AES key, as Node wants them. */
const BYTES = 48;

export class TicketKeys {
  readonly #folder: string;
  readonly #now: () => number;
  #day = -1;

  constructor(dataFolder: string, now: () => number = Date.now) {
    this.#folder = join(dataFolder, "tls-tickets");
    this.#now = now;
  }

  /** The key that is due and was not taken yet; null while the one that was is. */
  async due(): Promise<Buffer | null> {
    const day = Math.floor(this.#now() / DAY);
    if (day === this.#day) return null;
    const make = async (): Promise<Buffer> => randomBytes(BYTES);
    const key = await firstFile(join(this.#folder, `${day}.key`), make, (content) => content.length === BYTES);
    this.#day = day;
    await this.#removeBefore(day);
    return key;
  }

  // Private

  async #removeBefore(day: number): Promise<void> {
    const old = (await readdir(this.#folder)).filter((name) => /^\d+\.key$/.test(name) && Number.parseInt(name, 10) < day);
    await Promise.all(old.map((name) => rm(join(this.#folder, name), { force: true })));
  }
}
