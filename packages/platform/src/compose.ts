/**
 * The control process, wired in one readable place: what there is, what it needs, and in which order it starts. Stopping runs
 * the other way. Redis itself belongs to the supervisor, which stops it after everything here.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect, type ConnectOptions, type Notice, type Tide } from "@tidegate/streams";
import { Auth } from "./auth/auth.ts";
import type { PlatformConfig } from "./config.ts";
import type { ComponentStatus } from "./contract.ts";
import { demoServices } from "./demo/index.ts";
import { ConsoleServer } from "./orchestrator/console-server.ts";
import type { Journal } from "./orchestrator/journal.ts";
import { Orchestrator } from "./orchestrator/orchestrator.ts";
import { RedisView, StreamsConnection } from "./orchestrator/streams-connection.ts";
import type { ControlServerOptions } from "./rest/server.ts";
import type { RedisPlace } from "./supervisor/channel.ts";
import { VERSION } from "./version.ts";

/** The demo must not fill the disk of someone who only tries it. */
const DEMO_RETENTION = { maxLength: 20_000, maxAge: 86_400_000 };

export interface Control {
  readonly auth: Auth;
  readonly streams: StreamsConnection;
  readonly redis: RedisView;
  readonly console: ConsoleServer;
  readonly orchestrator: Orchestrator;
}

export async function compose(config: PlatformConfig, place: RedisPlace, journal: Journal): Promise<Control> {
  const connection = connectionOptions(config, place, journal);
  const auth = await Auth.open(config.dataFolder, config.adminToken ?? undefined);
  const streams = new StreamsConnection({ ...connection, service: "tidegate" });
  const redis = new RedisView(streams, place);
  const orchestrator = new Orchestrator({
    version: VERSION,
    namespace: config.namespace,
    redis: () => redis.status(),
    onChange: (status) => noteChange(journal, status),
  });
  const console = new ConsoleServer(() => consoleOptions(config, streams.tide, orchestrator, auth));

  const view = { patience: Infinity, process: () => redis.process };
  // Our own server is looked at from the first moment on; of another one nothing is known before the streams are connected.
  if (place.embedded) orchestrator.add(redis, view);
  // Reconnects by itself for ever, so it is never restarted.
  orchestrator.add(streams, { patience: Infinity });
  if (!place.embedded) orchestrator.add(redis, { ...view, needs: ["streams"] });
  // Before the demo, so that a person can watch the demo start.
  orchestrator.add(console, { needs: ["streams"] });
  if (config.demo) {
    const link = (service: string): Promise<Tide> => connect({ ...connection, service, retention: DEMO_RETENTION });
    for (const service of demoServices({ connect: link, dataFolder: config.dataFolder, server: console }))
      orchestrator.add(service, { needs: ["streams"] });
  }
  return { auth, streams, redis, console, orchestrator };
}

// Private

function connectionOptions(config: PlatformConfig, place: RedisPlace, journal: Journal): ConnectOptions {
  return {
    url: place.url,
    ...(place.password === null ? {} : { password: place.password }),
    namespace: config.namespace,
    ...(config.demo ? { retention: DEMO_RETENTION } : {}),
    onNotice: (notice) => note(journal, notice),
  };
}

function noteChange(journal: Journal, { name, state, detail }: ComponentStatus): void {
  const trouble = state === "failed" || state === "unhealthy";
  journal.write(trouble ? "warn" : "info", name, state, trouble && detail !== null ? { why: detail } : undefined);
}

function note(journal: Journal, notice: Notice): void {
  const level = notice.level === "warning" ? "warn" : notice.level;
  journal.write(level, "streams", notice.message, { code: notice.code, ...notice.detail });
}

function consoleOptions(config: PlatformConfig, tide: Tide, orchestrator: Orchestrator, auth: Auth): ControlServerOptions {
  return {
    host: config.host,
    port: config.port,
    tide,
    orchestrator,
    auth,
    consoleFolder: findConsole(),
    refreshInterval: config.refreshInterval,
  };
}

/** Beside this file where it was published, else the build of the console package in the repository. */
function findConsole(): string | null {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const folders = [join(here, "console"), join(here, "..", "..", "console", "dist")];
  return folders.find((folder) => existsSync(join(folder, "index.html"))) ?? null;
}
