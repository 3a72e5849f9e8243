/**
 * An order, watched stage by stage until it is issued or the attempt has failed. Ctrl-C ends the watching, not the order: it belongs to Tidegate, which
 * also tries again by itself.
 */
import { setTimeout as pause } from "node:timers/promises";
import { styleText } from "node:util";
import type { CertificateAnswer, CertificateStage, CertificateStatusAnswer, TraceAnswer } from "../contract.ts";
import { PlatformError } from "../errors.ts";
import { moment } from "./cert-lines.ts";
import { one } from "./cert-path.ts";
import { Refused, askInstance, runningInstance, type FoundInstance } from "./instance-client.ts";
import { ago, duration, line, paint, printable, printJson } from "./output.ts";

/** `wait` false: only what to do to see how it goes on. */
export async function seen(placed: CertificateAnswer, { wait, json }: { wait: boolean; json: boolean }): Promise<void> {
  const name = placed.cert_name;
  if (!wait)
    return line(`${paint("green", "✓")} ${printable(name)} is ordered. See how it goes: tidegate cert status ${printable(name)} --wait`);
  const answer = await watched(placed, json);
  if (answer.status !== "active") throw notIssued(answer);
  if (json) return printJson(answer);
  if (answer.fingerprint === placed.fingerprint) return unchanged(answer);
  issued(answer);
}

/** As it is when the attempt is over. */
export async function watched(placed: CertificateAnswer, quiet: boolean): Promise<CertificateAnswer> {
  const name = placed.cert_name;
  const instance = runningInstance();
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort(leftBehind(name));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const shown = new Shown(quiet, placed.updated_at);
  try {
    await settled(instance, placed, shown, interrupt.signal);
  } finally {
    shown.clear();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
  return (await askInstance(instance, one(name))) as CertificateAnswer;
}

export function notIssued({ cert_name: name, last_problem: problem, next_attempt_at: next }: CertificateAnswer): Refused {
  const where = problem === null ? "" : ` (${problem.stage}${problem.ca === null ? "" : ` at ${problem.ca}`})`;
  const names = problem?.subproblems.map(({ domain, detail }) => `\n  ${domain === null ? "" : `${domain}: `}${detail}`).join("") ?? "";
  const detail = `${name} was not issued${where}: ${problem?.detail ?? "nothing is known of why."}${names}`;
  const again = next === null ? "" : `It is tried again by itself at ${moment(Math.max(next, Date.now()))}. `;
  const hint = `${again}More: tidegate cert explain ${name}`;
  return new Refused(502, { type: "", title: "", status: 502, detail, code: problem?.code ?? "ACME_PROBLEM", hint, request_id: "" });
}

// Private

/** Milliseconds between two looks. */
const LOOK = 400;
const LAST_LOOKS = 5;

const STAGES: Readonly<Record<CertificateStage, string>> = {
  preflight: "look whether the CA can reach the domains",
  account: "sign in at the CA",
  order: "place the order",
  challenge: "put up what the CA wants to see",
  validation: "let the CA look at the domains",
  finalize: "have it signed",
  download: "fetch it",
  store: "store it for the edge",
};

async function settled(instance: FoundInstance, placed: CertificateAnswer, shown: Shown, signal: AbortSignal): Promise<void> {
  const name = placed.cert_name;
  for (;;) {
    signal.throwIfAborted();
    const status = (await askInstance(instance, one(name, "/status"))) as CertificateStatusAnswer;
    await shown.look(instance, status);
    if (isOver(status, placed)) return await shown.rest(instance, status, signal);
    await pause(LOOK, undefined, { signal }).catch(() => {});
  }
}

/** What was there before the order is not its outcome; and a failure that is tried again at once, as after a probe, is not the end. */
function isOver({ generation, began_at: began, next_attempt_at: next }: CertificateStatusAnswer, placed: CertificateAnswer): boolean {
  if (generation === "in_progress" || (generation === "failed" && next !== null && next <= Date.now())) return false;
  return !isDue(placed) || (began !== null && began >= placed.updated_at);
}

function isDue({ next_attempt_at: next, updated_at: asked }: CertificateAnswer): boolean {
  return next !== null && next <= asked + 1_000;
}

class Shown {
  readonly #quiet: boolean;
  readonly #seen = new Set<string>();
  /** What ended before is another attempt's. */
  readonly #since: number;
  #running = false;

  constructor(quiet: boolean, since: number) {
    this.#quiet = quiet;
    this.#since = since;
  }

  async look(instance: FoundInstance, { trace_id: trace, stage, began_at }: CertificateStatusAnswer): Promise<void> {
    if (this.#quiet) return;
    // A token may see certificates and no traces: then only what it is at is shown.
    const found = trace === null ? null : await askInstance(instance, `/api/v1/traces/${trace}`).catch(() => null);
    this.clear();
    if (found !== null && (began_at ?? 0) >= this.#since) this.#add(found as TraceAnswer);
    if (stage !== null) this.#draw(`… ${STAGES[stage]}, ${duration(Date.now() - (began_at ?? Date.now()))}`);
  }

  /** Spans are stored a little after they end. Who may not see traces does not wait for them. */
  async rest(instance: FoundInstance, status: CertificateStatusAnswer, signal: AbortSignal): Promise<void> {
    for (let looks = 0; this.#running && looks < LAST_LOOKS; looks++) {
      await pause(LOOK, undefined, { signal }).catch(() => {});
      await this.look(instance, status);
    }
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  }

  // Private

  #add({ records }: TraceAnswer): void {
    this.#running = !records.some(({ parentId, endedAt }) => parentId === null && endedAt !== null);
    const ended = records.flatMap((record) => (record.endedAt === null ? [] : [{ ...record, endedAt: record.endedAt }]));
    for (const { spanId, parentId, name, startedAt, endedAt, status } of ended.toSorted((one, other) => one.endedAt - other.endedAt)) {
      const words = STAGES[name.replace(/^certificate\./, "") as CertificateStage];
      // The whole attempt is called as one of its stages.
      if (words === undefined || parentId === null || this.#seen.has(spanId)) continue;
      this.#seen.add(spanId);
      const mark =
        status === "error" ? styleText("red", "✗", { stream: process.stderr }) : styleText("green", "✓", { stream: process.stderr });
      process.stderr.write(`  ${mark} ${words}, ${duration(endedAt - startedAt)}\n`);
    }
  }

  #draw(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`  ${text}`);
  }
}

function unchanged({ cert_name: name, expires_at: end }: CertificateAnswer): void {
  line(`${paint("green", "✓")} ${printable(name)} is wanted like this from now on; the one there is ends ${ago(end ?? 0)} and fits.`);
}

function issued({ cert_name: name, domains, expires_at: end, staging, request }: CertificateAnswer): void {
  const by = staging ? " by the staging server" : "";
  line(
    `${paint("green", "✓")} ${printable(name)} is issued${by} for ${printable(domains.join(", "))}; it ends ${ago(end ?? 0)} and is renewed by itself.`,
  );
  if (staging && request?.staging === true) {
    line("  Browsers do not trust it: it shows that everything works.");
    return line(`  Then for good: tidegate cert convert ${printable(name)}`);
  }
  line(`  Serve a host with it: tidegate proxy create ${printable(domains[0] ?? "<host>")} <url> --https`);
}

function leftBehind(name: string): PlatformError {
  return new PlatformError("INTERRUPTED", "It goes on in the background.", {
    hint: `See how it ends: tidegate cert status ${name} --wait`,
  });
}
