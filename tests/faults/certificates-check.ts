/** After a crowd: each certificate whole, the same everywhere, ordered once, and its secrets told to nobody. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type Store } from "@tidegate/streams";
import { GatewayKeys } from "../../packages/gateway/src/keys.ts";
import type { Entity } from "../../packages/gateway/src/store/entity.ts";
import { KeyedVault } from "../../packages/gateway/src/store/keyed-vault.ts";
import { keyPlace, type CertificateData } from "../../packages/gateway/src/certificates/spec.ts";
import type { Progress } from "../../packages/gateway/src/certificates/orders/progress.ts";
import type { CertificateAnswer } from "../../packages/platform/src/contract.ts";
import { answered, type Crowd } from "./certificates-crowd.ts";
import { checkTraces } from "./certificates-traces.ts";
import { NAMESPACE, type CertificatesStage } from "./certificates-stage.ts";

export interface Findings {
  readonly problems: readonly string[];
  readonly certificates: number;
  /** What the CA has made. */
  readonly orders: number;
  /** Certificates of an instance other than the one that answered the CA. */
  readonly elsewhere: number;
  readonly handshakes: number;
  readonly traces: number;
  /** Attempts that were broken off, as their traces say. */
  readonly interrupted: number;
}

interface Held {
  readonly name: string;
  readonly data: CertificateData;
  /** PEM. */
  readonly key: string;
}

export async function checkCertificates(crowd: Crowd): Promise<Findings> {
  const { stage, wanted } = crowd;
  await using tide = await connect({ url: stage.redis.url, namespace: NAMESPACE });
  const store = tide.store("check");
  const keys = new GatewayKeys(NAMESPACE, "");
  const held = (await heldIn(store, keys, stage.encryptionKey)).filter(({ name }) => wanted.has(name));
  const roots = [await stage.pebble.root(), await stage.pebble.intermediate()];
  const shown = await Promise.all(
    held.map(async ({ name }) => (await answered(stage.products, "GET", `/api/v1/certificates/${name}`)).body),
  );
  const hands = await handshakes(crowd, held, roots);
  const traced = await checkTraces(crowd, store);
  const elsewhere = await workedElsewhere(crowd, store, keys);
  const told = [JSON.stringify(shown), traced.text, await eventsIn(store), ...stage.products.map((product) => product.log())];
  const problems = [
    ...each(wanted, held),
    ...held.flatMap(whole),
    ...shown.flatMap((answer) => good(answer as unknown as CertificateAnswer)),
    ...hands,
    ...orders(crowd, traced.lost),
    ...(elsewhere > 0 ? [] : ["no certificate is of an instance other than the one that answered the CA"]),
    ...traced.problems,
    ...leaked(held, told, filesOf(stage.redis.folder)),
  ];
  store.close();
  const { traces, interrupted } = traced;
  const [certificates, placed, count] = [held.length, placedFor(crowd).length, held.length * stage.products.length];
  return { problems, certificates, orders: placed, elsewhere, handshakes: count, traces, interrupted };
}

// Private

async function heldIn(store: Store, keys: GatewayKeys, encryptionKey: string): Promise<Held[]> {
  const vault = new KeyedVault({ keys, encryptionKey, dataFolder: "" });
  const flat = (await store.ask(["HGETALL", keys.entities("certificate")])) as string[];
  const names = flat.filter((_, index) => index % 2 === 0);
  return names.map((name, index) => {
    const { data } = JSON.parse(flat[2 * index + 1] ?? "") as Entity<CertificateData>;
    return { name, data, key: vault.open(data.key, keyPlace(name)) };
  });
}

function each(wanted: ReadonlyMap<string, string>, held: readonly Held[]): string[] {
  const there = new Map(held.map((one) => [one.name, one.data.domains.join()]));
  const serials = new Set(held.map(({ data }) => data.serial));
  return [
    ...[...wanted]
      .filter(([name, domain]) => there.get(name) !== domain)
      .map(([name]) => `${name} has ${there.get(name) ?? "no certificate"}`),
    ...(serials.size === held.length ? [] : ["a certificate is there twice"]),
  ];
}

function whole({ name, data, key }: Held): string[] {
  const leaf = new X509Certificate(data.chain);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) return [`the key of ${name} does not fit`];
  return data.domains.every((domain) => leaf.checkHost(domain) !== undefined) ? [] : [`the certificate of ${name} has other names`];
}

function good({ cert_name, status, attempts, last_problem }: CertificateAnswer): string[] {
  return status === "active" && attempts === 0 ? [] : [`${cert_name} is ${status} after ${attempts} failures: ${last_problem?.detail}`];
}

/** Each instance shows each certificate, to a client that trusts the CA alone. */
async function handshakes({ stage }: Crowd, held: readonly Held[], roots: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const [index, { securePort }] of stage.products.entries()) {
    for (const { name, data } of held) {
      const serial = await serialAt(securePort, data.domains[0] ?? "", roots).catch(String);
      if (serial !== data.serial.toUpperCase()) problems.push(`instance ${index} shows ${serial} for ${name} and not ${data.serial}`);
    }
  }
  return problems;
}

async function serialAt(port: number, servername: string, roots: readonly string[]): Promise<string> {
  const socket = connectTls({ port, host: "127.0.0.1", servername, ca: [...roots] });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(20_000) });
    return socket.getPeerCertificate().serialNumber;
  } finally {
    socket.destroy();
  }
}

/** A second order only where somebody was killed since the first, and had not noted it down: else it is gone on with. */
function orders(crowd: Crowd, lost: ReadonlyMap<string, number>): string[] {
  const { wanted, kills } = crowd;
  const placed = placedFor(crowd);
  const again = [...wanted].flatMap(([name, domain]) => {
    const times = placed.filter(({ domains }) => domains.includes(domain)).map(({ at }) => at);
    const unexplained = times.filter((at, index) => index > 0 && !kills.some((kill) => kill >= times[index - 1]! && kill <= at));
    const most = 1 + (lost.get(name) ?? 0);
    return [
      ...unexplained.map(() => `${name} was ordered again although nobody had died`),
      ...(times.length <= most ? [] : [`${name} was ordered ${times.length} times, and not at most ${most}`]),
    ];
  });
  return placed.length >= wanted.size ? again : [...again, `only ${placed.length} orders were placed`];
}

function placedFor({ stage, wanted }: Crowd): ReturnType<CertificatesStage["placed"]> {
  const domains = new Set(wanted.values());
  return stage.placed().filter((order) => order.domains.some((domain) => domains.has(domain)));
}

async function workedElsewhere({ controls }: Crowd, store: Store, keys: GatewayKeys): Promise<number> {
  const texts = (await store.ask(["HVALS", keys.acmeProgress()])) as string[];
  const pids = texts.map((text) => Number((JSON.parse(text) as Progress).instance?.split("-").at(-2)));
  return pids.filter((pid) => controls.slice(1).some((own) => own.has(pid))).length;
}

async function eventsIn(store: Store): Promise<string> {
  const streams = ["events:all:stream", "logs:all:stream"];
  return JSON.stringify(await Promise.all(streams.map((stream) => store.ask(["XRANGE", stream, "-", "+"]))));
}

function filesOf(folder: string): string {
  const aof = join(folder, "appendonlydir");
  return readdirSync(aof)
    .map((file) => readFileSync(join(aof, file), "latin1"))
    .join("\n");
}

/** Keys nowhere in clear text, in Redis neither; what answers a CA only where its challenges are. */
function leaked(held: readonly Held[], told: readonly string[], redis: string): string[] {
  const secrets = held.map(({ key }) => key.split("\n")[1] ?? "");
  const thumbprint = /[\w-]{43}\.([\w-]{43})(?![\w.-])/.exec(redis.slice(Math.max(0, redis.indexOf("acme:challenge:"))))?.[1];
  const inTold = told.some((text) => text.includes("PRIVATE KEY") || secrets.some((secret) => text.includes(secret)));
  return [
    ...(inTold ? ["a key was told"] : []),
    ...(redis.includes("PRIVATE KEY") || secrets.some((secret) => redis.includes(secret)) ? ["a key is in Redis in clear text"] : []),
    ...(thumbprint === undefined ? ["no answer to a challenge was found in Redis, so that it cannot be looked for elsewhere"] : []),
    ...(thumbprint !== undefined && told.some((text) => text.includes(thumbprint)) ? ["a key authorization was told"] : []),
  ];
}
