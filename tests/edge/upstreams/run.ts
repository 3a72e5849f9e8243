/**
 * Every fault through one edge: what the client saw, how often the upstream was asked, and whether the next request, on the same connection where it
 * is still there, gets its own answer and not what was left over.
 */
import type { Socket } from "node:net";
import { Client, type Answer } from "../answer.ts";
import { SocketServer } from "../socket-server.ts";
import { UPSTREAM_FAULTS, type Seen, type UpstreamFault } from "./faults.ts";

export interface FaultOutcome {
  readonly seen: Seen;
  readonly asked: number;
  readonly problems: readonly string[];
}

const UPLOAD = 300_000;
const AT_ONCE = 8;
/** What a target has by default; one more is allowed where the first went over a kept connection that could have been stale. */
const RETRIES = 2;
const ALL = UPSTREAM_FAULTS.flatMap(([, faults]) => faults);

/** Does what the path's last word says; everything else is answered with its own path. */
export class FaultyUpstream implements AsyncDisposable {
  #server: SocketServer | null = null;
  readonly asked = new Map<string, number>();

  static async start(): Promise<FaultyUpstream> {
    const upstream = new FaultyUpstream();
    upstream.#server = await SocketServer.start((socket) => upstream.#serve(socket));
    return upstream;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  // Private

  #serve(socket: Socket): void {
    let held = "";
    socket.on("data", (chunk) => {
      held += chunk.toString("latin1");
      for (let stop = held.indexOf("\r\n\r\n"); stop >= 0; stop = held.indexOf("\r\n\r\n")) {
        const [, path = ""] = /^\S+ \/(\S*) HTTP/.exec(held) ?? [];
        held = held.slice(stop + 4);
        this.#answer(socket, path);
      }
    });
  }

  #answer(socket: Socket, path: string): void {
    this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
    const fault = ALL.find(({ id }) => id === path);
    if (fault !== undefined) fault.act(socket);
    else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
  }
}

export async function runUpstreamFaults(port: number, host: string, upstream: FaultyUpstream): Promise<Map<string, FaultOutcome>> {
  const outcomes = new Map<string, FaultOutcome>();
  const rest = ALL.values();
  const worker = async (): Promise<void> => {
    for (const fault of rest) outcomes.set(fault.id, await one(port, host, upstream, fault));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return outcomes;
}

// Private

async function one(port: number, host: string, upstream: FaultyUpstream, fault: UpstreamFault): Promise<FaultOutcome> {
  const { id, method = "GET" } = fault;
  using client = await Client.connect(port);
  const length = method === "POST" ? `Content-Length: ${UPLOAD}\r\n` : "";
  client.send(`${method} /${id} HTTP/1.1\r\nHost: ${host}\r\n${length}\r\n`);
  if (method === "POST") client.send(Buffer.alloc(UPLOAD, "u"));
  const answer = await client.answer({ bodiless: method === "HEAD" });
  const seen = answer.status === 0 ? "nothing" : answer.whole ? answer.status : "cut";
  const next = await following(client, port, host, `next-${id}`, answer);
  const asked = upstream.asked.get(id) ?? 0;
  return {
    seen,
    asked,
    problems: [
      ...problemsOf(fault, answer, seen, asked),
      ...(next === `next-${id}` ? [] : [`the next request was answered with ${JSON.stringify(next)}`]),
    ],
  };
}

function problemsOf(fault: UpstreamFault, { body, interim, fields }: Answer, seen: FaultOutcome["seen"], asked: number): string[] {
  const { ours } = fault;
  const most = fault.again === true ? 2 + RETRIES : 1;
  return [
    ...(ours.includes(seen) ? [] : [`the client saw ${seen} instead of ${ours.join(" or ")}`]),
    ...(asked <= most ? [] : [`it was asked ${asked} times`]),
    ...(seen === 200 && fault.body?.test(body) === false ? [`the body was ${JSON.stringify(body)}`] : []),
    ...(fault.interim ?? []).filter((status) => !interim.includes(status)).map((status) => `${status} did not arrive`),
    ...(fault.lacks ?? []).filter((name) => fields.has(name)).map((name) => `${name} arrived`),
  ];
}

/** On the same connection where both sides would, else on a new one. */
async function following(client: Client, port: number, host: string, path: string, answer: Answer): Promise<string> {
  const goesOn = answer.whole && !client.ended && answer.fields.get("connection") !== "close";
  using fresh = goesOn ? null : await Client.connect(port);
  const used = fresh ?? client;
  used.send(`GET /${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const { status, body } = await used.answer();
  return status === 200 ? body : `status ${status}`;
}
