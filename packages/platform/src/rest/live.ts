/** The live channel's addresses in the route table: documented here, and answered with 426 when asked without an upgrade. */
import { Refusal } from "../auth/refusal.ts";
import { LIVE_PATHS } from "../live/upgrade.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function liveRoutes(): readonly Route[] {
  return LIVE_PATHS.map((path) =>
    route({
      method: "GET",
      path,
      tag: "live",
      summary: 'WebSocket: an update at once and while something changes; send {"type":"subscribe","topic":"…"} to follow a topic.',
      status: 101,
      answer: null,
      handle() {
        throw new Refusal(426, "UPGRADE_REQUIRED", "This is a WebSocket; plain HTTP gets nothing here.", {
          hint: "Open it with ws://, or read GET /api/streams instead.",
          headers: { Upgrade: "websocket" },
        });
      },
    }),
  );
}
