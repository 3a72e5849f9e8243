/** Answers that go on, such as a log that is followed: cut off when whoever asked may not ask any longer. What has not begun is let finish. */
import type { ServerResponse } from "node:http";
import type { Identity } from "../auth/auth.ts";

export class OpenAnswers {
  readonly #open = new Map<ServerResponse, Identity>();

  add(answer: ServerResponse, identity: Identity): void {
    this.#open.set(answer, identity);
    answer.once("close", () => this.#open.delete(answer));
  }

  sweep(stillGood: (identity: Identity) => boolean): void {
    for (const [answer, identity] of this.#open) if (answer.headersSent && !answer.writableEnded && !stillGood(identity)) answer.destroy();
  }
}
