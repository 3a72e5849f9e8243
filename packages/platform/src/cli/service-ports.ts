/** `tidegate service ports|port-add|port-remove`: ports of one service. Changing them is a deploy. */
import type { Command } from "commander";
import type { ServicePortsAnswer } from "../contract.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { line, printable, printJson, table } from "./output.ts";
import { askSecret } from "./secret-prompt.ts";
import { change, pathOf } from "./service-act.ts";
import { containerPort, hostPort } from "./service-flags.ts";
import { PORT_COLUMNS } from "./service-lines.ts";
import { settingsOf } from "./session.ts";

export function addPorts(service: Command): void {
  service.command("ports").description("Ports of a service.").argument("<name>").action(list);
  service
    .command("port-add")
    .description("Add a port: a deploy.")
    .argument("<name>")
    .argument("<port-name>", "unique in the service")
    .option("--port <port>", "in the container; default: that of its first port", containerPort)
    .option("--host-port <port|from-to>", "of this machine; default: any free one", hostPort)
    .option("--bind <address>", "address of this machine; 127.0.0.1 unless given")
    .option("--udp", "UDP instead of TCP")
    .option("--token", "whoever connects must show a token first: from TIDEGATE_PORT_TOKEN, or it is asked for")
    .option("--description <text>", "for people")
    .action(add);
  service.command("port-remove").description("Remove a port: a deploy.").argument("<name>").argument("<port-name>").action(remove);
}

// Private

interface Added {
  readonly port?: number;
  readonly hostPort?: unknown;
  readonly bind?: string;
  readonly udp?: boolean;
  readonly token?: boolean;
  readonly description?: string;
}

async function list(name: string, _: unknown, command: Command): Promise<void> {
  const { items } = (await askInstance(runningInstance(), pathOf(name, "ports"))) as ServicePortsAnswer;
  if (settingsOf(command).json) return items.forEach(printJson);
  if (items.length === 0)
    return line(`${printable(name)} has no ports. Add one: tidegate service port-add ${printable(name)} main --port 8080`);
  table(items, PORT_COLUMNS);
}

async function add(name: string, port: string, flags: Added, command: Command): Promise<void> {
  const given = {
    name: port,
    container: flags.port,
    host: flags.hostPort,
    bind: flags.bind,
    protocol: flags.udp === true ? "udp" : undefined,
    source_token: flags.token === true ? (process.env["TIDEGATE_PORT_TOKEN"] ?? (await askSecret("TIDEGATE_PORT_TOKEN"))) : undefined,
    description: flags.description,
  };
  const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  await change(name, pathOf(name, "ports"), "POST", { body, wait: true, json: settingsOf(command).json });
}

async function remove(name: string, port: string, _: unknown, command: Command): Promise<void> {
  await change(name, pathOf(name, "ports", port), "DELETE", { wait: true, json: settingsOf(command).json });
}
