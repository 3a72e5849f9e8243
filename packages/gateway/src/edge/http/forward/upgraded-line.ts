/** An upstream that answered 101, handed over to who joins it with the client. */
import type { Socket } from "node:net";
import type { Endpoint } from "../upstream/endpoint.ts";
import type { ResponseHead } from "../wire/response-head.ts";

export interface UpgradedLine {
  readonly head: ResponseHead;
  /** Paused; without any listener of ours, so its errors are the taker's from now on. */
  readonly socket: Socket;
  /** Came with the answer. */
  readonly rest: Buffer;
  /** To be called when the tunnel is over: it counts as under way until then. */
  readonly over: () => void;
}

/** `finish` is called once. The endpoint can cut the line. */
export function upgradedLine(endpoint: Endpoint, given: Omit<UpgradedLine, "over">, finish: () => void): UpgradedLine {
  endpoint.lines.add(given.socket);
  return {
    ...given,
    over: () => {
      if (endpoint.lines.delete(given.socket)) finish();
    },
  };
}
