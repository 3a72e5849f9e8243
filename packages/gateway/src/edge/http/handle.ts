/** What happens to each request: `passage.ts` goes through the chain; an error of ours costs one request, never the worker. */
import type { Conversation } from "./exchange.ts";
import type { HandlerDeps } from "./handler-deps.ts";
import { Passage } from "./passage.ts";

export function handler(deps: HandlerDeps): (conversation: Conversation) => void {
  return (conversation) => {
    const passage = new Passage(deps, conversation);
    try {
      passage.begin();
    } catch (error) {
      passage.failed(error);
    }
  };
}
