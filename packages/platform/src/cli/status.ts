/** `tidegate status`: asks the running instance how it is. Unhealthy is an answer, so it is printed, and the exit code is 7. */
import { Command } from "commander";
import type { ComponentStatus, OrchestratorStatus } from "../contract.ts";
import type { InstanceRecord } from "../instance.ts";
import { fetchStatus, runningInstance } from "./instance-client.ts";
import { ago, facts, line, paint, printJson, table, type Column } from "./output.ts";
import { settingsOf } from "./session.ts";

export function statusCommand(): Command {
  return new Command("status").description("Is the running instance healthy? Exit code 7 if not, 6 if nobody answers.").action(status);
}

// Private

const COMPONENT_COLUMNS: readonly Column<ComponentStatus>[] = [
  { title: "COMPONENT", value: (component) => component.name },
  { title: "STATE", value: (component) => component.state },
  { title: "SINCE", value: (component) => ago(component.since) },
  { title: "RESTARTS", value: (component) => component.restarts, right: true },
  { title: "PID", value: (component) => component.pid ?? "-", right: true },
  { title: "DETAIL", value: (component) => component.detail ?? "" },
];

async function status(_: unknown, command: Command): Promise<void> {
  const instance = runningInstance();
  const found = await fetchStatus(instance);
  const { edgeUrls = [] } = instance.file as Partial<InstanceRecord>;
  if (settingsOf(command).json) printJson({ ...found, console_url: instance.file.consoleUrl, edge_urls: edgeUrls, pid: instance.file.pid });
  else page(found, instance.file.consoleUrl, edgeUrls);
  if (found.status !== "healthy") process.exitCode = 7;
}

function page(found: OrchestratorStatus, consoleUrl: string, edgeUrls: readonly string[]): void {
  const { redis, lag } = found;
  line(
    found.status === "healthy"
      ? `${paint("green", "●")} Tidegate ${found.version} is healthy`
      : `${paint("red", "●")} Tidegate ${found.version} is not healthy`,
  );
  facts([
    ["console", consoleUrl],
    ["edge", edgeUrls.length === 0 ? "none" : edgeUrls.join("  ")],
    ["namespace", found.namespace],
    ["started", ago(found.started_at)],
    ["leads", found.leader ? "yes" : "no, another control process does"],
    ["lag", lag.group === null ? "none" : `${lag.messages} messages of ${lag.group}; the oldest anywhere waits for ${lag.seconds} s`],
    [
      "redis",
      `${redis.address}${redis.embedded ? " (embedded)" : ""}, ${redis.connected ? `${redis.round_trip_ms?.toFixed(1) ?? "?"} ms` : "not connected"}`,
    ],
  ]);
  line("");
  table(found.components, COMPONENT_COLUMNS);
}
