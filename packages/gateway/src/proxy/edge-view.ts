/** What the edge says of itself, as far as targets are concerned. A silence of the edge never fails a change: it is kept all the same. */
import type { EdgeReport, FailingUpstream } from "../edge/report.ts";
import type { EdgeWorkers } from "../edge/table.ts";
import type { Entity } from "../store/entity.ts";
import type { TargetData } from "../routes/spec.ts";

/** How a target stands with the live workers. */
export interface Standing {
  /** Where it is reached: `https://app.example:8443`. */
  readonly urls: readonly string[];
  /** Why the edge leaves it out; null: it does not. */
  readonly problem: string | null;
  /** Its upstreams that fail now, with what any worker has met there. */
  readonly failing: readonly Omit<FailingUpstream, "hosts">[];
}

export class EdgeView {
  readonly #edge: EdgeWorkers;

  constructor(edge: EdgeWorkers) {
    this.#edge = edge;
  }

  /** Whether every live worker follows what was just changed; a person waits two seconds for it at most. */
  async whenServed(): Promise<boolean> {
    try {
      return (await this.#edge.workers()).length > 0 && (await this.#edge.served());
    } catch {
      return false;
    }
  }

  /** Of each, in their order. */
  async standings(targets: readonly Pick<Entity<TargetData>, "name" | "data">[]): Promise<Standing[]> {
    const workers = await this.#edge.workers().catch(() => []);
    const listening = [...new Set(workers.flatMap(({ http }) => http.listening))].toSorted();
    return targets.map(({ name, data }) => {
      const problem = problemOf(name, workers);
      return { urls: problem === null ? urlsOf(name, data, listening) : [], problem, failing: failingOf(name, workers) };
    });
  }
}

// Private

/** A worker may be a release behind while it is exchanged, so that not every report has everything. */
type Told = Partial<EdgeReport["http"]>;

function problemOf(host: string, workers: readonly EdgeReport[]): string | null {
  const found = workers.flatMap(({ http }) => (http as Told).unusable ?? []).find(({ kind, name }) => kind === "target" && name === host);
  return found?.why ?? null;
}

/** What one worker has met others may not have: each endpoint once, and asked where any of them asks it. */
function failingOf(host: string, workers: readonly EdgeReport[]): Standing["failing"] {
  const found = new Map<string, Omit<FailingUpstream, "hosts">>();
  for (const { hosts, ...one } of workers.flatMap(({ http }) => (http as Told).failing ?? [])) {
    if (!hosts.includes(host)) continue;
    const key = `${one.upstream} ${one.endpoint}`;
    found.set(key, { ...one, asked: one.asked || found.get(key)?.asked === true });
  }
  return [...found.values()].toSorted((one, other) => (one.endpoint < other.endpoint ? -1 : 1));
}

function urlsOf(host: string, { http, enable_https: secure, enabled }: TargetData, listening: readonly string[]): string[] {
  if (!enabled) return [];
  const found = listening.flatMap((text) => {
    const { protocol, port } = new URL(text);
    const served = protocol === "https:" ? secure : http !== "off";
    return served ? [`${protocol}//${host}${port === "" ? "" : `:${port}`}`] : [];
  });
  return [...new Set(found)].toSorted().toReversed();
}
