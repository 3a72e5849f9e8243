/**
 * Many certificates asked for at once through several instances, while the control process of one or the other is killed again and again. In the end each
 * name has exactly one, and everything that was ever told about them is looked through.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { CertificatesAnswer } from "../../packages/platform/src/contract.ts";
import type { Product, Told } from "../edge/product.ts";
import { checkCertificates, type Findings } from "./certificates-check.ts";
import type { CertificatesStage } from "./certificates-stage.ts";
import type { Seed } from "./seed.ts";

export interface CrowdRun {
  readonly stage: CertificatesStage;
  readonly names: number;
  /** Over which the names are asked for, and processes killed. */
  readonly seconds: number;
  /** Seconds between two kills. */
  readonly killEvery: number;
  readonly seed: Seed;
  /** Whether the traces of what was broken off are waited for: half a minute. */
  readonly tracesEnd: boolean;
}

export interface CrowdOutcome extends Findings {
  readonly kills: number;
  /** Until the last name had its certificate. */
  readonly seconds: number;
}

/** One that was asked for, before it is looked at whether all went well. */
export interface Crowd extends Pick<CrowdRun, "stage" | "tracesEnd"> {
  /** `performance.now()`. */
  readonly began: number;
  readonly wanted: ReadonlyMap<string, string>;
  /** Unix ms. */
  readonly kills: readonly number[];
  /** Of each instance, all its control processes there were. */
  readonly controls: readonly Set<number>[];
}

/** Seconds for what is left to do after the last kill: the leases of the dead have to run out. */
const PATIENCE = 240;

/** Resolves after the last kill. */
export async function askForAll(run: CrowdRun): Promise<Crowd> {
  const { stage, names, seed, tracesEnd } = run;
  const wanted = new Map(Array.from({ length: names }, (_, n) => [`crowd-${n}`, `www.crowd-${n}.example`]));
  const controls = stage.products.map((product) => new Set(product.pids("control")));
  const kills: number[] = [];
  const over = new AbortController();
  const began = performance.now();
  const disturbed = disturb(run, stage.products, controls, kills, over.signal);
  for (const [name, domain] of wanted) {
    await askFor(stage.products, seed, name, domain);
    await pause((run.seconds * 1_000 * (2 / 3)) / names);
  }
  await pause(Math.max(0, began + run.seconds * 1_000 - performance.now()));
  over.abort();
  await disturbed;
  return { stage, wanted, kills, controls, tracesEnd, began };
}

export async function outcomeOf(crowd: Crowd): Promise<CrowdOutcome> {
  const { stage, wanted, controls, kills, began } = crowd;
  await settled(stage.products, wanted);
  const seconds = (performance.now() - began) / 1_000;
  stage.products.forEach((product, index) => product.pids("control").forEach((pid) => controls[index]?.add(pid)));
  return { ...(await checkCertificates(crowd)), kills: kills.length, seconds };
}

/** From whoever answers; a control process may just be starting again. */
export async function answered(products: readonly Product[], method: string, path: string, body?: unknown): Promise<Told> {
  const end = performance.now() + 60_000;
  for (let turn = 0; performance.now() < end; turn++) {
    const answer = await products[turn % products.length]?.ask(method, path, body).catch(() => null);
    if (answer != null && answer.status < 500) return answer;
    await pause(50);
  }
  throw new Error(`nobody answers ${method} ${path}`);
}

// Private

async function disturb(
  { killEvery, seed }: CrowdRun,
  products: readonly Product[],
  controls: readonly Set<number>[],
  kills: number[],
  over: AbortSignal,
): Promise<void> {
  while (killEvery > 0) {
    await pause(killEvery * 1_000, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return;
    const victim = seed.below(products.length);
    const [pid] = products[victim]?.pids("control") ?? [];
    if (pid === undefined) continue;
    controls[victim]?.add(pid);
    kills.push(Date.now());
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      kills.pop();
    }
  }
}

/** Half of the names in one way, half in the other. A name that is taken was asked for by the question whose answer was lost. */
async function askFor(products: readonly Product[], seed: Seed, cert_name: string, domain: string): Promise<void> {
  const challenge = seed.below(2) === 0 ? "http-01" : "tls-alpn-01";
  const first = seed.below(products.length);
  const order = [...products.slice(first), ...products.slice(0, first)];
  const { status, body } = await answered(order, "POST", "/api/v1/certificates", { cert_name, domain, challenge, skip_preflight: true });
  if (status !== 202 && status !== 409) throw new Error(`${cert_name} was refused: ${status} ${JSON.stringify(body)}`);
}

async function settled(products: readonly Product[], wanted: ReadonlyMap<string, string>): Promise<void> {
  const end = performance.now() + PATIENCE * 1_000;
  for (;;) {
    const { items } = (await answered(products, "GET", "/api/v1/certificates")).body as unknown as CertificatesAnswer;
    const good = items.filter(({ cert_name, status }) => wanted.has(cert_name) && status === "active");
    if (good.length === wanted.size) return;
    // What is missing is told by the checks.
    if (performance.now() > end) return;
    await pause(500);
  }
}
