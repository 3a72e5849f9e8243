/** What a command answers, before it becomes a reply of the connection or a value of a script. */
import type { Reply } from "../../store.ts";

export type Answer = string | number | null | Status | ErrorReply | Answer[];

/** `+OK`: text for a connection, `{ok = …}` for a script. */
export class Status {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An error as the server words it, code first. The name is what `faultOf` knows an answer of a server by. */
export class ErrorReply extends Error {}

export const OK: Status = new Status("OK");
export const PONG: Status = new Status("PONG");

/** A blocking command found nothing yet: asked again when one of the keys changes, given up after `timeout` ms (0 = never). */
export class Waiting {
  readonly keys: readonly string[];
  readonly timeout: number;
  readonly again: () => Answer;

  constructor(keys: readonly string[], timeout: number, again: () => Answer) {
    this.keys = keys;
    this.timeout = timeout;
    this.again = again;
  }
}

/** Throws what is an error. */
export function replyOf(answer: Answer): Reply {
  if (answer instanceof ErrorReply) throw answer;
  if (answer instanceof Status) return answer.text;
  return Array.isArray(answer) ? answer.map(replyOf) : answer;
}

export function syntaxError(): ErrorReply {
  return new ErrorReply("ERR syntax error");
}
