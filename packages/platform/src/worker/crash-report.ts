/** The parent of several workers tells of those that died: they cannot do it themselves. Connected from the first death on. */
import { connect, type ConnectOptions, type Tide } from "@tidegate/streams";
import { PlatformKeys } from "../redis/keys.ts";
import { Services } from "../orchestrator/services.ts";

interface Line {
  readonly tide: Tide;
  readonly services: Services;
}

export class CrashReport {
  readonly #options: ConnectOptions;
  readonly #prefix: string;
  readonly #service: string;
  #line: Promise<Line | null> | null = null;

  /** `service` is the workers' name among the services. */
  constructor(options: ConnectOptions, prefix: string, service: string) {
    this.#options = options;
    this.#prefix = prefix;
    this.#service = service;
  }

  died(what: string): void {
    this.#line ??= this.#open();
    void this.#line.then((line) => line?.services.failed({ name: this.#service, kind: "worker" }, what));
  }

  async close(): Promise<void> {
    const line = await this.#line;
    await line?.services.close();
    await line?.tide.close({ deadline: 2_000 });
  }

  /** Without Redis nobody is told; the next death tries again. */
  async #open(): Promise<Line | null> {
    try {
      const tide = await connect({ ...this.#options, service: "worker" });
      return { tide, services: new Services(tide, new PlatformKeys(tide.namespace, this.#prefix)) };
    } catch {
      this.#line = null;
      return null;
    }
  }
}
