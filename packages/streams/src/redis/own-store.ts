/** A store on a link of its own. */
import type { Reply, Script, Store } from "../store.ts";
import type { Link } from "./link.ts";
import { RedisFault } from "./replies.ts";

export class OwnStore implements Store {
  readonly #link: Link;
  readonly #onClose: (store: OwnStore) => void;

  constructor(link: Link, onClose: (store: OwnStore) => void) {
    this.#link = link;
    this.#onClose = onClose;
  }

  get up(): boolean {
    return this.#link.up;
  }

  call(args: string[]): Promise<Reply> {
    return this.#link.call(args);
  }

  ask(args: string[]): Promise<Reply> {
    return this.#link.ask(args);
  }

  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.#link.call(["EVALSHA", script.sha, ...rest]);
    } catch (error) {
      if (!(error instanceof RedisFault) || !error.message.includes("NOSCRIPT")) throw error;
      return await this.#link.call(["EVAL", script.text, ...rest]);
    }
  }

  whenUp(limit: number): Promise<void> {
    return this.#link.whenUp(limit);
  }

  close(): void {
    this.#link.close();
    this.#onClose(this);
  }
}
