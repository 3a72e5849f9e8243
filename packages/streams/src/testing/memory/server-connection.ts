/** One connection as the server sees it: its commands run one after the other, and a block holds up those behind it. */
import type { Answer } from "./answers.ts";
import type { ClientFace } from "./command.ts";

export interface ServerConnectionDeps {
  readonly execute: (args: readonly string[]) => Promise<Answer>;
  /** The server ended it. */
  readonly dropped: () => void;
  /** It is over, whoever ended it. */
  readonly gone: () => void;
}

export class ServerConnection implements ClientFace {
  readonly id: number;
  name: string;
  closed = false;
  readonly #deps: ServerConnectionDeps;
  #last: Promise<unknown> = Promise.resolve();

  constructor(id: number, name: string, deps: ServerConnectionDeps) {
    this.id = id;
    this.name = name;
    this.#deps = deps;
  }

  /** Never rejects for an error of the server's: that is an answer. What is asked of a closed one gets null. */
  run(args: readonly string[]): Promise<Answer> {
    const result = this.#last.then(() => (this.closed ? null : this.#deps.execute(args)));
    this.#last = result.catch(() => {});
    return result;
  }

  /** The server's side ends it. */
  drop(): null {
    if (this.closed) return null;
    this.close();
    this.#deps.dropped();
    return null;
  }

  /** The client's side ends it. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#deps.gone();
  }
}
