/** What a service says and uses: its container's log, at once or as it comes, and its figures. */
import { Readable } from "node:stream";
import type { LogLine, Services } from "@tidegate/gateway";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import * as schemas from "./services-schemas.ts";

export function watchRoutes(services: Services): readonly Route[] {
  return [logs(services), stats(services)];
}

// Private

const PATH = "/api/v1/services/{name}";
const tag = "services";
const MOST_LINES = 10_000;

function logs(services: Services): Route {
  return route({
    method: "GET",
    path: `${PATH}/logs`,
    waits: true,
    tag,
    summary: "Last lines of the container, oldest first. With `Accept: text/plain` or `follow` as text, which `follow` goes on with.",
    params: schemas.named,
    query: z.object({
      lines: z.coerce.number().int().min(0).max(MOST_LINES).default(100),
      timestamps: schemas.off.describe("In text: each line begins with its time."),
      since: z.coerce.number().int().min(0).optional().describe("Unix milliseconds."),
      follow: schemas.off.describe("Until you leave, or the container is gone."),
    }),
    answer: schemas.logs,
    async handle({ params, query, request, reply }) {
      const { lines, since, follow, timestamps } = query;
      const options = { tail: lines, follow, ...(since === undefined ? {} : { since }) };
      const left = whenLeft(reply);
      const found = services.logs(params.name, options, left);
      if (follow || wantsText(request.headers.accept)) return await sendText(reply, found, timestamps, left);
      return { service_name: params.name, lines: await Array.fromAsync(found) };
    },
  });
}

function stats(services: Services): Route {
  return route({
    method: "GET",
    path: `${PATH}/stats`,
    tag,
    summary: "What the container uses at the moment.",
    params: schemas.named,
    answer: schemas.stats,
    async handle({ params }) {
      return { service_name: params.name, ...(await services.stats(params.name)) };
    },
  });
}

function wantsText(accept: string | undefined): boolean {
  return /\btext\/plain\b/i.test(accept ?? "");
}

function whenLeft(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once("close", () => left.abort());
  return left.signal;
}

/** What goes wrong before the first line is still a proper answer; a quiet container must not keep the headers back, though. */
async function sendText(reply: FastifyReply, lines: AsyncIterable<LogLine>, timestamps: boolean, left: AbortSignal): Promise<never> {
  const rows = lines[Symbol.asyncIterator]();
  const first = rows.next();
  // Heard below; unless the client is gone by then.
  first.catch(() => {});
  await Promise.race([first, new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())]);
  const stream = Readable.from(asText(first, rows, timestamps, left), { objectMode: false });
  // Fastify takes the reply itself for "it is sent"; the route's type knows only JSON.
  return reply.type("text/plain; charset=utf-8").send(stream) as never;
}

const PATIENCE = 300;

async function* asText(
  first: Promise<IteratorResult<LogLine>>,
  rows: AsyncIterator<LogLine>,
  timestamps: boolean,
  left: AbortSignal,
): AsyncGenerator<string> {
  try {
    for (let row = await first; row.done !== true && !left.aborted; row = await rows.next()) yield textOf(row.value, timestamps);
  } finally {
    await rows.return?.();
  }
}

function textOf({ at, text }: LogLine, timestamps: boolean): string {
  return timestamps && at !== null ? `${new Date(at).toISOString()} ${text}\n` : `${text}\n`;
}
