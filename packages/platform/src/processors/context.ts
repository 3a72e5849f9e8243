/** What every processor is given. */
import type { Leader } from "../orchestrator/leader.ts";
import type { StreamsConnection } from "../orchestrator/streams-connection.ts";
import type { PlatformKeys } from "../redis/keys.ts";
import type { Pages } from "./pages.ts";

export interface ProcessorContext {
  /** Connected when a component that needs `streams` starts: take stores from `streams.tide.store(name)` then, and close them on stop. */
  readonly streams: StreamsConnection;
  readonly keys: PlatformKeys;
  /** Names this control process among all. */
  readonly instance: string;
  readonly leader: Leader;
  /** What was read of the streams, shared by all who read them. */
  readonly pages?: Pages;
  readonly onTrouble: (component: string, message: string) => void;
}
