/** Every command in the order of the help, with the file that is loaded when it is chosen. */
import type { Command } from "commander";

export interface Noun {
  readonly name: string;
  readonly summary: string;
  readonly section: string;
  readonly hidden?: boolean;
  readonly load: () => Promise<Command>;
}

const START = "Start:";
const MESSAGES = "Messages:";
const SERVE = "Serve:";
const INSPECT = "Inspect:";

export const NOUNS: readonly Noun[] = [
  {
    name: "up",
    section: START,
    summary: "run Tidegate here: Redis, REST, console",
    load: async () => (await import("./up.ts")).upCommand(),
  },
  {
    name: "worker",
    section: START,
    summary: "run the message handlers of a file",
    load: async () => (await import("./worker.ts")).workerCommand(),
  },
  {
    name: "status",
    section: START,
    summary: "is the running instance healthy?",
    load: async () => (await import("./status.ts")).statusCommand(),
  },
  {
    name: "doctor",
    section: START,
    summary: "check this machine and Redis, say how to mend them",
    load: async () => (await import("./doctor.ts")).doctorCommand(),
  },
  { name: "publish", section: MESSAGES, summary: "publish a message", load: async () => (await import("./publish.ts")).publishCommand() },
  {
    name: "tail",
    section: MESSAGES,
    summary: "show the newest messages of a topic, and follow it",
    load: async () => (await import("./tail.ts")).tailCommand(),
  },
  {
    name: "message",
    section: MESSAGES,
    summary: "list messages, show one, tell what befell it",
    load: async () => (await import("./message.ts")).messageCommand(),
  },
  {
    name: "dlq",
    section: MESSAGES,
    summary: "dead letters: list, show, edit, replay, discard, export",
    load: async () => (await import("./dlq.ts")).dlqCommand(),
  },
  {
    name: "job",
    section: MESSAGES,
    summary: "replays in the background: list, show, cancel",
    load: async () => (await import("./job.ts")).jobCommand(),
  },
  {
    name: "why",
    section: INSPECT,
    summary: "why a message did not arrive, why a request failed",
    load: async () => (await import("./why.ts")).whyCommand(),
  },
  {
    name: "trace",
    section: INSPECT,
    summary: "traces: list, show one as a waterfall",
    load: async () => (await import("./trace.ts")).traceCommand(),
  },
  { name: "topic", section: INSPECT, summary: "list topics, show one", load: async () => (await import("./topic.ts")).topicCommand() },
  {
    name: "group",
    section: INSPECT,
    summary: "consumer groups: list, show, create, seek, remove",
    load: async () => (await import("./group.ts")).groupCommand(),
  },
  { name: "lag", section: INSPECT, summary: "how far groups are behind", load: async () => (await import("./lag.ts")).lagCommand() },
  {
    name: "log",
    section: INSPECT,
    summary: "logs and events: search, follow, statistics, levels",
    load: async () => (await import("./log.ts")).logCommand(),
  },
  { name: "audit", section: INSPECT, summary: "who did what", load: async () => (await import("./audit.ts")).auditCommand() },
  {
    name: "alert",
    section: INSPECT,
    summary: "alerts: list, acknowledge, mute; rules and destinations",
    load: async () => (await import("./alert.ts")).alertCommand(),
  },
  {
    name: "token",
    section: SERVE,
    summary: "API tokens: create, change, rotate, revoke",
    load: async () => (await import("./token.ts")).tokenCommand(),
  },
  {
    name: "service",
    section: SERVE,
    summary: "containers: create, deploy, roll back, logs, ports",
    load: async () => (await import("./service.ts")).serviceCommand(),
  },
  {
    name: "proxy",
    section: SERVE,
    summary: "host names: serve one, pause it, say who may pass",
    load: async () => (await import("./proxy.ts")).proxyCommand(),
  },
  {
    name: "route",
    section: SERVE,
    summary: "paths that go elsewhere than their host; explain a URL",
    load: async () => (await import("./route.ts")).routeCommand(),
  },
  {
    name: "cert",
    section: SERVE,
    summary: "certificates: have one issued and renewed, explain, upload",
    load: async () => (await import("./cert.ts")).certCommand(),
  },
  {
    name: "port",
    section: SERVE,
    summary: "ports of this machine: who has which, lease one, reach one that asks for a token",
    load: async () => (await import("./port.ts")).portCommand(),
  },
  {
    name: "config",
    section: START,
    summary: "everything stored: export, import, history, roll back",
    load: async () => (await import("./config.ts")).configCommand(),
  },
  {
    name: "migrate",
    section: START,
    summary: "move a topic from the Python client or BullMQ, in shadow first",
    load: async () => (await import("./migrate.ts")).migrateCommand(),
  },
  {
    name: "__control",
    section: START,
    summary: "the control process",
    hidden: true,
    load: async () => (await import("./up.ts")).controlCommand(),
  },
  {
    name: "__edge",
    section: START,
    summary: "an edge worker",
    hidden: true,
    load: async () => (await import("./up.ts")).edgeCommand(),
  },
];
