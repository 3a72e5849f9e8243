/** `tidegate route explain <url>`, and `tidegate why <url>`: which host and route a request would take, and why not the others. */
import type { Command } from "commander";
import type { ProxyExplanationAnswer } from "../contract.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { line, paint, printable, printJson, table, type Column } from "./output.ts";
import { settingsOf } from "./session.ts";

export function addExplainOptions(command: Command): Command {
  return command.option("--method <method>", "of the request", "GET").option("--client <address>", "who asks, as an address", "127.0.0.1");
}

export async function explainUrl(url: string, flags: { method?: string; client?: string }, command: Command): Promise<void> {
  const query = { url, method: flags.method, client: flags.client };
  const answer = (await askInstance(runningInstance(), "/api/v1/proxy/explain", { query })) as ProxyExplanationAnswer;
  if (settingsOf(command).json) printJson(answer);
  else page(answer);
}

// Private

type Candidate = ProxyExplanationAnswer["candidates"][number];

const COLUMNS: readonly Column<Candidate>[] = [
  { title: "", value: ({ matched }) => (matched ? "→" : " ") },
  { title: "ROUTE", value: ({ route }) => route },
  { title: "PATH", value: ({ pattern }) => pattern },
  { title: "PRIORITY", value: ({ priority }) => priority, right: true },
  { title: "WHY", value: ({ why }) => why },
];

function page(answer: ProxyExplanationAnswer): void {
  line(paint("bold", printable(verdictOf(answer))));
  line("");
  for (const { text } of answer.steps) line(`${paint("dim", "·")} ${printable(text)}`);
  for (const { route, why } of answer.conflicts) line(`${paint("yellow", "!")} ${printable(`${route} ${why}.`)}`);
  if (answer.candidates.length > 0) {
    line("");
    table(answer.candidates, COLUMNS);
  }
  if (answer.omitted > 0) line(`and ${answer.omitted} more whose path does not fit`);
  line(`\n${paint("dim", "Next:")}`);
  for (const next of nextOf(answer)) line(`  ${printable(next)}`);
}

function verdictOf({ target, status, location, upstream, upstream_path: path, method, steps }: ProxyExplanationAnswer): string {
  if (location !== null) return `${status} to ${location}`;
  if (upstream !== null) return `${method} ${path ?? "/"} goes to ${upstream.replace(/^service:/, "the service ")}`;
  if (target === null && status === 404) return "404: no host name of this instance";
  return steps.at(-1)?.text ?? `The edge answers ${status ?? "it"} itself`;
}

function nextOf({ target, route, url }: ProxyExplanationAnswer): string[] {
  const host = /^(?:https?:\/\/)?([^/?#:]*)/i.exec(url)?.[1] ?? "<host>";
  if (target === null) return ["tidegate proxy ls", `tidegate proxy create ${host} <url>`];
  return [`tidegate proxy show ${target}`, ...(route === null ? [`tidegate proxy routes ${target}`] : [`tidegate route show ${route}`])];
}
