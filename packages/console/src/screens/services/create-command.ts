/** The create form as a command to keep. Pure. */
import { quoted } from "../../shell.ts";
import { DEFAULTS, type PortDraft, type ServiceDraft } from "./service-draft.ts";

/** Null: not on one line, as a Dockerfile's text, or ports that differ in more than their numbers. */
export function createCommand(draft: ServiceDraft): string | null {
  const ports = portFlags(draft.ports);
  if (draft.source !== "image" || draft.volumes.includes("\n") || draft.command.trim() !== "" || ports === null) return null;
  const flags = [
    ["--image", draft.image.trim()],
    ...ports,
    ...draft.variables
      .filter((v) => v.name.trim() !== "")
      .map((v) => (v.secret ? ["--secret", v.name.trim()] : ["--env", `${v.name.trim()}=${v.value}`])),
    ...differing("--memory", draft.memory, DEFAULTS.memory),
    ...differing("--cpus", draft.cpus, DEFAULTS.cpus),
    ...differing("--pids", draft.pids, DEFAULTS.pids),
    ...(draft.health === "" ? [] : [["--health", draft.health === "http" ? draft.path || DEFAULTS.path : draft.health]]),
    ...(draft.health === "" ? [] : differing("--deadline", draft.deadline, DEFAULTS.deadline)),
    ...differing("--restart", draft.restart, DEFAULTS.restart),
    ...differing("--user", draft.user, ""),
    ...differing("--volume", draft.volumes, ""),
    ...(draft.readOnly ? [] : [["--writable"]]),
    ...differing("--host", draft.host, ""),
  ];
  return ["npx tidegate service create", quoted(draft.name.trim()), ...flags.flat().map(quoted)].join(" ");
}

function portFlags(ports: readonly PortDraft[]): string[][] | null {
  const [only, ...others] = ports;
  if (only === undefined || ports.some((port) => port.protocol !== "tcp")) return null;
  const named = ports.map((port) => [
    "--port",
    port.name === "http" && others.length === 0 ? port.container : `${port.name}=${port.container}`,
  ]);
  if (others.length > 0)
    return ports.every((port) => port.host.trim() === "" && port.bind === only.bind) ? [...named, ...bindFlag(only)] : null;
  return [...named, ...differing("--host-port", only.host, ""), ...bindFlag(only)];
}

function bindFlag({ bind }: PortDraft): string[][] {
  return differing("--bind", bind, "127.0.0.1");
}

function differing(flag: string, value: string, usual: string): string[][] {
  return value.trim() === usual || value.trim() === "" ? [] : [[flag, value.trim()]];
}
