/**
 * One part of the store benchmark in a process of its own: the same operations with the entity store, with raw node-redis as one command each, and
 * with raw node-redis writing everything the store writes. Answers over IPC.
 */
import { once } from "node:events";
import { createClient } from "@redis/client";
import { EntityStore, GatewayKeys, type Entity, type Table } from "@tidegate/gateway";
import { connect } from "@tidegate/streams";

export interface StoreOrder {
  readonly peer: "tidegate" | "raw" | "raw, same writes";
  readonly url: string;
  readonly count: number;
}

export interface StoreAnswer {
  readonly seconds: number;
  readonly cpu: number;
}

const order = JSON.parse(process.argv[2] ?? "null") as StoreOrder;

/** Callers at once, each with one operation under way. */
const CALLERS = 64;
/** What one caller does in turn with one entity of its own. */
const LIFE = ["create", "get", "update", "get", "list", "update", "get", "update", "get", "delete"] as const;
/** Entities there are all the time, and of one page of them. */
const STANDING = 1_000;
const PAGE = 20;
const WARM_UP = 32_000;

type Operation = (typeof LIFE)[number];
type Work = (operation: Operation, caller: number, turn: number) => Promise<unknown>;

/** About 600 bytes, as a small service has. */
const DATA = {
  spec: {
    image: "registry.example.com/team/web:1.42.0",
    command: ["node", "server.js", "--port", "8080"],
    environment: { NODE_ENV: "production", LOG_LEVEL: "info", DATABASE: "postgres://db.internal/web" },
    labels: { team: "storefront", tier: "frontend" },
    memory_limit: 536_870_912,
    cpu_limit: 1,
    port_configs: [{ name: "http", host: 18_080, container: 8_080, bind: "127.0.0.1", protocol: "tcp", description: "" }],
    healthcheck: { kind: "http", path: "/health", interval: 1, timeout: 5, deadline: 30 },
    strategy: "rolling",
  },
  generation: 3,
  desired: "running",
  state: "running",
  owner: "storefront",
};

const ANSWERS = { tidegate, raw, "raw, same writes": sameWrites } as const;
const answer = await ANSWERS[order.peer]();
process.send!(answer);
await once(process, "disconnect");
process.exit(0);

// Private

async function tidegate(): Promise<StoreAnswer> {
  await using tide = await connect({ url: order.url, service: "bench" });
  const vault = { check: () => Promise.resolve(), problem: null };
  const store = new EntityStore({ tide: () => tide, keys: new GatewayKeys("bench", ""), vault });
  await store.start();
  const table = store.table<typeof DATA>("service");
  await Promise.all(standing().map((name) => table.create(name, DATA, "bench")));
  const answer = await timed(entityWork(table));
  const left = await table.list();
  if (left.length !== STANDING) throw new Error(`${left.length} entities are left, not ${STANDING}`);
  await store.stop();
  return answer;
}

function entityWork(table: Table<typeof DATA>): Work {
  const mine: Entity<typeof DATA>[] = [];
  const event = (type: "service_created" | "service_updated" | "service_deleted", service: string) =>
    ({ type, data: { service, kind: "container", generation: 3, image: DATA.spec.image } }) as const;
  return async (operation, caller, turn) => {
    const name = nameOf(caller);
    if (operation === "create") mine[caller] = await table.create(name, DATA, "bench", event("service_created", name));
    else if (operation === "update")
      mine[caller] = await table.put(mine[caller]!, { ...DATA, generation: turn }, "bench", event("service_updated", name));
    else if (operation === "delete") await table.remove(mine[caller]!, "bench", event("service_deleted", name));
    else if (operation === "list") await table.list({ after: `standing-${turn % 900}`, limit: PAGE });
    else if ((await table.get(name)) === null) throw new Error(`${name} is gone`);
  };
}

/** One command for each operation, and what was read decoded: what nobody can be faster than. */
async function raw(): Promise<StoreAnswer> {
  const client = await filled();
  const page = standing().slice(0, PAGE);
  const answer = await timed(async (operation, caller) => {
    const name = nameOf(caller);
    if (operation === "list") return decoded(await client.hmGet("raw", page));
    if (operation === "get") return decoded([await client.hGet("raw", name)]);
    return await (operation === "delete" ? client.hDel("raw", name) : client.hSet("raw", name, JSON.stringify(DATA)));
  });
  await client.close();
  return answer;
}

/** What the store writes as commands of their own, in a transaction and without looking whether anybody was faster. */
async function sameWrites(): Promise<StoreAnswer> {
  const client = await filled();
  const answer = await timed(async (operation, caller) => {
    const name = nameOf(caller);
    if (operation === "get") return decoded([await client.hGet("raw", name)]);
    if (operation === "list")
      return decoded(
        await client.hmGet("raw", await client.zRangeByLex("raw:index", "(standing-1", "+", { LIMIT: { offset: 0, count: PAGE } })),
      );
    const [text, trim] = [JSON.stringify(DATA), { TRIM: { strategy: "MAXLEN", strategyModifier: "~", threshold: 10_000 } } as const];
    const writes = client.multi();
    if (operation === "delete") writes.hDel("raw", name).zRem("raw:index", name);
    else writes.hSet("raw", name, text);
    if (operation === "create") writes.zAdd("raw:index", { score: 0, value: name });
    writes.lPush(`raw:revisions:${name}`, text).lTrim(`raw:revisions:${name}`, 0, 49);
    writes.xAdd("raw:changes", "*", { change: JSON.stringify({ kind: "service", name, version: 1, by: "bench" }) }, trim);
    for (const stream of ["raw:events", "raw:events:all"]) writes.xAdd(stream, "*", eventOf(operation, name), trim);
    return await writes.exec();
  });
  await client.close();
  return answer;
}

function decoded(texts: readonly (string | null)[]): unknown[] {
  return texts.map((text) => JSON.parse(text!) as unknown);
}

function eventOf(operation: Operation, service: string): Record<string, string> {
  const data = JSON.stringify({ service, kind: "container", generation: 3, image: DATA.spec.image, source: "bench" });
  return { event_type: `service_${operation}d`, component: "bench", timestamp: String(Date.now()), data };
}

async function filled() {
  const client = createClient({ url: order.url });
  await client.connect();
  await client.hSet("raw", Object.fromEntries(standing().map((name) => [name, JSON.stringify(DATA)])));
  await client.zAdd(
    "raw:index",
    standing().map((value) => ({ score: 0, value })),
  );
  return client;
}

async function timed(work: Work): Promise<StoreAnswer> {
  await all(work, WARM_UP);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await all(work, order.count);
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpu: (user + system) / 1e6 / seconds };
}

/** Each caller goes on when its operation is answered. */
async function all(work: Work, count: number): Promise<void> {
  const lives = Math.floor(count / LIFE.length / CALLERS);
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let life = 0; life < lives; life++)
        for (const [at, operation] of LIFE.entries()) await work(operation, caller, life * LIFE.length + at);
    }),
  );
}

function nameOf(caller: number): string {
  return `mine-${caller}`;
}

function standing(): string[] {
  return Array.from({ length: STANDING }, (_, n) => `standing-${n}`);
}
