/** A process that does nothing but look how late it is: what a machine does to any event loop. It ends with its parent; asked by a message. */
import { LoopDelay } from "../../packages/platform/src/processors/metrics/loop-delay.ts";

const delay = new LoopDelay();
delay.start();
process.on("message", () => process.send?.(delay.counts()));
process.on("disconnect", () => process.exit());
