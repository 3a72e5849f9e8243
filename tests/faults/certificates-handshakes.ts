/**
 * A certificate is renewed again and again under full TLS handshakes with its name: none fails, each shows a certificate of the store, and from a second
 * after a renewal on only the new one. Once the edge workers are cut off from Redis while the renewal is stored, and find out by themselves.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect, type Store } from "@tidegate/streams";
import type { CertificateAnswer } from "../../packages/platform/src/contract.ts";
import { answered } from "./certificates-crowd.ts";
import { NAMESPACE, type CertificatesStage } from "./certificates-stage.ts";
import { cutOff } from "./edge-cut.ts";
import type { HandshakeFigures, HandshakeOrder } from "./handshake-child.ts";

export interface HandshakesRun {
  readonly stage: CertificatesStage;
  /** A certificate there is. */
  readonly name: string;
  readonly seconds: number;
  /** Handshakes a second. */
  readonly rate: number;
  readonly renewals: number;
  /** Whether the workers are cut off during one more renewal. */
  readonly cut: boolean;
}

/** Milliseconds from the event that tells of it. */
export interface Swap {
  readonly firstNew: number;
  /** Below zero: the old one was not seen after it. */
  readonly lastOld: number;
  /** Connections of workers that were cut meanwhile; null: none was to be. */
  readonly cut: number | null;
}

export interface HandshakesOutcome {
  readonly handshakes: number;
  /** A second, as reached. */
  readonly rate: number;
  readonly swaps: readonly Swap[];
  readonly problems: readonly string[];
}

interface Renewed {
  readonly serial: string;
  readonly cut: number | null;
}

const CHILD = fileURLToPath(new URL("handshake-child.ts", import.meta.url));
/** Milliseconds until every worker shows the new one: told by the store, and where it could not be told. */
const SOON = 1_000;
const BY_ITSELF = 5_000;

export async function runHandshakes(run: HandshakesRun): Promise<HandshakesOutcome> {
  const { stage, name, seconds, rate, renewals } = run;
  const [product] = stage.products;
  await using tide = await connect({ url: stage.redis.url, namespace: NAMESPACE });
  const store = tide.store("handshakes");
  const first = await shownBy(stage, name);
  const roots = [await stage.pebble.root(), await stage.pebble.intermediate()];
  using load = new Load({ port: product?.securePort ?? 0, host: first.domains[0] ?? "", rate, roots });
  await load.begun;
  const began = performance.now();
  const workers = stage.products.flatMap((one) => one.pids("edge"));
  const renewed: Renewed[] = [{ serial: serialOf(first), cut: null }];
  const turns = renewals + (run.cut ? 1 : 0);
  for (let turn = 1; turn <= turns; turn++) {
    renewed.push(await renew(run, store, run.cut && turn === turns));
    await pause(Math.max(SOON, began + (turn * seconds * 1_000) / turns - performance.now()));
  }
  const figures = await load.stop();
  const told = (await toldAt(store, name)).slice(-turns);
  store.close();
  const died = workers.filter((pid) => !stage.products.some((one) => one.pids("edge").includes(pid)));
  const outcome = judged(figures, renewed, told);
  return { ...outcome, problems: [...outcome.problems, ...died.map(() => "an edge worker ended")] };
}

// Private

class Load implements Disposable {
  readonly #child = fork(CHILD, { execArgv: ["--conditions=@tidegate/source"] });

  /** The first handshake is done. */
  readonly begun: Promise<unknown>;

  constructor(order: HandshakeOrder) {
    this.begun = once(this.#child, "message", { signal: AbortSignal.timeout(60_000) });
    this.#child.send(order);
  }

  async stop(): Promise<HandshakeFigures> {
    const figures = once(this.#child, "message", { signal: AbortSignal.timeout(60_000) });
    this.#child.send("stop");
    return ((await figures) as [HandshakeFigures])[0];
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}

async function renew({ stage, name }: HandshakesRun, store: Store, cutting: boolean): Promise<Renewed> {
  const before = await shownBy(stage, name);
  const over = new AbortController();
  const cut = cutting
    ? cutOff(
        store,
        stage.products.flatMap((one) => one.pids("edge")),
        stage.redis.port,
        over.signal,
      )
    : null;
  // The CA asks the edge, which answers it from Redis: an authorization that is there already needs no edge.
  const { status, body } = await answered(stage.products, "POST", `/api/v1/certificates/${name}/renew?force=true`);
  if (status !== 202) throw new Error(`${name} is not renewed: ${status} ${JSON.stringify(body)}`);
  const end = performance.now() + 60_000;
  for (;;) {
    const now = await shownBy(stage, name);
    if (now.status === "active" && now.serial !== before.serial) {
      over.abort();
      return { serial: serialOf(now), cut: (await cut) ?? null };
    }
    if (performance.now() > end) throw new Error(`${name} was not renewed: ${JSON.stringify(now.last_problem ?? now.status)}`);
    await pause(20);
  }
}

async function shownBy({ products }: CertificatesStage, name: string): Promise<CertificateAnswer> {
  return (await answered(products, "GET", `/api/v1/certificates/${name}`)).body as unknown as CertificateAnswer;
}

function serialOf({ serial }: CertificateAnswer): string {
  return (serial ?? "").toUpperCase();
}

/** When each renewal was told. Unix ms. */
async function toldAt(store: Store, name: string): Promise<number[]> {
  const entries = (await store.ask(["XRANGE", "events:certificate:stream", "-", "+"])) as [string, string[]][];
  const fields = entries.map(([, flat]) => new Map(flat.flatMap((field, at) => (at % 2 === 0 ? [[field, flat[at + 1] ?? ""]] : []))));
  const own = fields.filter((one) => one.get("event_type") === "certificate_renewed" && one.get("data")?.includes(`"${name}"`) === true);
  return own.map((one) => Number(one.get("timestamp")));
}

function judged(
  { begun, shown, failed, seconds }: HandshakeFigures,
  renewed: readonly Renewed[],
  told: readonly number[],
): HandshakesOutcome {
  const serials = renewed.map(({ serial }) => serial);
  const seen = new Map(shown.map((one) => [one.serial, one]));
  const swaps = told.map((at, index): Swap => {
    const olds = serials.slice(0, index + 1).map((serial) => seen.get(serial)?.last ?? 0);
    return {
      firstNew: (seen.get(serials[index + 1] ?? "")?.first ?? Infinity) - at,
      lastOld: Math.max(...olds) - at,
      cut: renewed[index + 1]?.cut ?? null,
    };
  });
  const limitOf = (cut: number | null): number => (cut === null ? SOON : BY_ITSELF);
  const problems = [
    ...Object.entries(failed).map(([what, count]) => `${count} handshakes failed: ${what}`),
    ...shown.filter(({ serial }) => !serials.includes(serial)).map(({ serial }) => `${serial} was shown, which was never in the store`),
    ...(told.length === renewed.length - 1 ? [] : [`${told.length} renewals were told of ${renewed.length - 1}`]),
    ...swaps
      .filter(({ lastOld, cut }) => lastOld > limitOf(cut))
      .map(({ lastOld }) => `an old one was shown ${lastOld} ms after the event`),
    ...swaps
      .filter(({ firstNew, cut }) => firstNew > limitOf(cut))
      .map(({ firstNew }) => `the new one was shown ${firstNew} ms after the event`),
    ...swaps.filter(({ cut }) => cut === 0).map(() => "no connection of a worker was cut"),
  ];
  return { handshakes: begun, rate: begun / seconds, swaps, problems };
}
