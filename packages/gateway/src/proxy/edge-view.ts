/** What the edge says of itself, as far as targets are concerned. A silence of the edge never fails a change: it is kept all the same. */
import type { EdgeWorkers } from "../edge/table.ts";
import type { TargetData } from "../routes/spec.ts";

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

  /** `http://127.0.0.1:8080`: where the workers take requests. */
  async listening(): Promise<readonly string[]> {
    const workers = await this.#edge.workers().catch(() => []);
    return [...new Set(workers.flatMap(({ http }) => http.listening))].toSorted();
  }
}

/** Where a host name is reached: `https://app.example:8443`. */
export function urlsOf(host: string, { http, enable_https: secure, enabled }: TargetData, listening: readonly string[]): string[] {
  if (!enabled) return [];
  const found = listening.flatMap((text) => {
    const { protocol, port } = new URL(text);
    const served = protocol === "https:" ? secure : http !== "off";
    return served ? [`${protocol}//${host}${port === "" ? "" : `:${port}`}`] : [];
  });
  return [...new Set(found)].toSorted().toReversed();
}
