/**
 * The control process, wired in one readable place: what there is, what it needs, and in which order it starts. Stopping runs
 * the other way. Redis itself belongs to the supervisor, which stops it after everything here.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { composeGateway, type Gateway } from "@tidegate/gateway";
import { connect, type ConnectOptions, type Notice, type Tide } from "@tidegate/streams";
import { apiTokens, type ApiTokens } from "./auth/api-tokens.ts";
import { Auth } from "./auth/auth.ts";
import type { PlatformConfig } from "./config.ts";
import { FrontDoor } from "./demo/front-door.ts";
import { demoServices } from "./demo/index.ts";
import { Announcer } from "./orchestrator/announcer.ts";
import { ConsoleServer } from "./orchestrator/console-server.ts";
import { DatabaseClaim } from "./orchestrator/database-claim.ts";
import { EdgeView } from "./orchestrator/edge-view.ts";
import type { Journal } from "./orchestrator/journal.ts";
import { LagWatch } from "./orchestrator/lag-watch.ts";
import { Leader } from "./orchestrator/leader.ts";
import { Orchestrator } from "./orchestrator/orchestrator.ts";
import type { ServiceKind } from "./orchestrator/services.ts";
import { RedisView, StreamsConnection } from "./orchestrator/streams-connection.ts";
import { composeProcessors, type Observation } from "./processors/compose.ts";
import { PlatformKeys } from "./redis/keys.ts";
import type { ControlServerOptions } from "./rest/server.ts";
import type { EdgeProcess, RedisPlace, RedisProcess } from "./supervisor/channel.ts";
import { VERSION } from "./version.ts";

/** The demo must not fill the disk of someone who only tries it. */
const DEMO_RETENTION = { maxLength: 20_000, maxAge: 86_400_000 };

export interface Control {
  readonly auth: Auth;
  readonly streams: StreamsConnection;
  readonly redis: RedisView;
  readonly console: ConsoleServer;
  readonly announcer: Announcer;
  readonly orchestrator: Orchestrator;
  /** The embedded Redis has changed. */
  redisIs(process: RedisProcess): void;
  /** An edge worker has changed. */
  edgeIs(process: EdgeProcess): void;
}

export async function compose(config: PlatformConfig, place: RedisPlace, journal: Journal): Promise<Control> {
  const shared = sharedConnection(config, place);
  const connection = { ...shared, onNotice: (notice: Notice) => note(journal, notice) };
  const auth = await Auth.open(config.dataFolder, config.adminToken ?? undefined);
  const streams = new StreamsConnection({ ...connection, service: "tidegate" });
  const redis = new RedisView(streams, place);
  const keys = new PlatformKeys(config.namespace, config.telemetryPrefix);
  const instance = `${hostname()}-${process.pid}-${randomBytes(3).toString("hex")}`;
  const leader = new Leader({ streams, keys, instance, onChange: (leads) => journal.write("info", "leader", leads ? "leads" : "follows") });
  const lag = new LagWatch(streams);
  const services = new Map<string, ServiceKind>();
  const announcer = new Announcer({ streams, keys, journal, instance, version: VERSION, services });
  const orchestrator = new Orchestrator({
    version: VERSION,
    namespace: config.namespace,
    instance,
    redis: () => redis.status(),
    leader: () => leader.leading,
    lag: () => lag.lag,
    edge: () => edge.figures(),
    onChange: (status, from) => announcer.changed(status, from),
  });
  const onTrouble = (component: string, message: string): void => journal.write("warn", component, message);
  const gateway = composeGateway({
    settings: {
      namespace: config.namespace,
      prefix: config.telemetryPrefix,
      instance,
      encryptionKey: config.encryptionKey,
      dataFolder: config.dataFolder,
      dockerHost: config.dockerHost,
      contexts: config.contexts,
      restrictedPorts: [config.port, config.httpPort, config.httpsPort, ...(place.embedded ? [Number(new URL(place.url).port)] : [])],
    },
    acme: config.acme,
    connection: { ...shared, service: "tidegate" },
    tide: () => streams.tide,
    leads: () => leader.leading,
    onTrouble,
  });
  const edge = new EdgeView(() => gateway.edge.workers(), { expected: config.edgeWorkers, dataFolder: config.dataFolder });
  const tokens = apiTokens({ gateway, auth, onTrouble });
  const { components, observation } = composeProcessors({ streams, keys, instance, leader, onTrouble });
  const console = new ConsoleServer(() =>
    consoleOptions(config, { tide: streams.tide, orchestrator, auth, observation, gateway, tokens, announcer, keys, journal }),
  );

  const view = { patience: Infinity, essential: true, process: () => redis.process };
  // Our own server is looked at from the first moment on; of another one nothing is known before the streams are connected.
  if (place.embedded) orchestrator.add(redis, view);
  // Reconnects by itself for ever, so it is never restarted.
  orchestrator.add(streams, { patience: Infinity, essential: true, needs: place.embedded ? ["redis"] : [] });
  if (!place.embedded) orchestrator.add(redis, { ...view, needs: ["streams"] });
  // Before anything is written: of two namespaces in one database the second is refused.
  orchestrator.add(new DatabaseClaim(streams, keys), { essential: true, needs: ["streams"] });
  orchestrator.add(announcer, { essential: true, patience: Infinity, needs: ["database"] });
  orchestrator.add(leader, { needs: ["telemetry"] });
  orchestrator.add(lag, { needs: ["telemetry"] });
  orchestrator.add(edge, { needs: ["telemetry"], patience: Infinity, process: () => edge.process() });
  // Each heals by itself: a restart would neither bring Docker back nor mend a wrong key, and would drop what is under way.
  for (const { part, needs } of gateway.parts) orchestrator.add(part, { needs, patience: Infinity });
  orchestrator.add(tokens.directory, { needs: ["store"], patience: Infinity });
  for (const processor of components) orchestrator.add(processor, { needs: ["leader"] });
  // Before the demo, so that a person can watch the demo start.
  orchestrator.add(console, { essential: true, needs: ["telemetry"] });
  if (config.demo) {
    orchestrator.add(new FrontDoor({ gateway, consoleUrl: () => console.address?.url ?? "" }), { needs: ["console", "store"] });
    const link = (service: string): Promise<Tide> => connect({ ...connection, service, retention: DEMO_RETENTION });
    for (const service of demoServices({ connect: link, dataFolder: config.dataFolder, server: console })) {
      services.set(service.name, "demo");
      orchestrator.add(service, { needs: ["console", ...service.needs] });
    }
  }
  announcer.initialized(orchestrator.status().components.map(({ name }) => name));
  const redisIs = (process: RedisProcess): void => {
    redis.process = process;
    if (place.embedded) announcer.redisIs(process);
  };
  const edgeIs = (process: EdgeProcess): void => {
    edge.is(process);
    announcer.edgeIs(process);
  };
  return { auth, streams, redis, console, announcer, orchestrator, redisIs, edgeIs };
}

// Private

/** What every connection of this process has; can be handed to a thread. */
function sharedConnection(config: PlatformConfig, place: RedisPlace): Omit<ConnectOptions, "onNotice"> {
  return {
    url: place.url,
    ...(place.password === null ? {} : { password: place.password }),
    namespace: config.namespace,
    telemetry: { level: config.logLevel, prefix: config.telemetryPrefix },
    ...(config.demo ? { retention: DEMO_RETENTION } : {}),
  };
}

function note(journal: Journal, notice: Notice): void {
  const level = notice.level === "warning" ? "warn" : notice.level;
  journal.write(level, "streams", notice.message, { code: notice.code, ...notice.detail });
}

interface ConsoleParts {
  readonly tide: Tide;
  readonly orchestrator: Orchestrator;
  readonly auth: Auth;
  readonly observation: Observation;
  readonly gateway: Gateway;
  readonly tokens: ApiTokens;
  readonly announcer: Announcer;
  readonly keys: PlatformKeys;
  readonly journal: Journal;
}

function consoleOptions(config: PlatformConfig, { announcer, keys, journal, ...parts }: ConsoleParts): ControlServerOptions {
  return {
    ...parts,
    host: config.host,
    port: config.port,
    history: announcer.history,
    onError: (error, requestId) => journal.write("error", "api", "request failed", { request_id: requestId, error }),
    auditStream: keys.stream("logs", "audit"),
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
