/**
 * The in-memory double: the whole library against a server in memory, in virtual time. Pending lists, claims, retries, dead letters
 * and scripts are the real ones; only the socket, the disk and the waiting are not. What a test shows here holds on Redis as far as
 * one server that never restarts goes; kills, disks and failovers need real servers.
 */
import { parseConfig } from "../../config.ts";
import { open } from "../../open.ts";
import type { Reply } from "../../store.ts";
import type { ConnectOptions, Tide } from "../../tide.ts";
import { TidegateError } from "../../errors.ts";
import { replyOf } from "./answers.ts";
import { Faults } from "./faults.ts";
import { MemoryLink } from "./memory-link.ts";
import { MemoryProcess } from "./process.ts";
import { LuaEngine } from "./scripting.ts";
import { MemoryServer } from "./server.ts";
import { VirtualClock, type VirtualClockOptions } from "./virtual-clock.ts";

export interface MemoryOptions extends VirtualClockOptions {
  /** Replicas the server says it has, for `durability: { replicas }`. Default 0. */
  readonly replicas?: number;
  /** Which server it says to be, and behaves like where Redis 7.0 and Valkey 8 differ. Default `redis`. */
  readonly server?: "redis" | "valkey";
}

export interface Memory extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly faults: MemoryFaults;
  /** Like `connect()` of the library; each call is a process of its own. Needs the package `wasmoon`: `npm install -D wasmoon`. */
  connect(options?: Omit<ConnectOptions, "url" | "password" | "tls">): Promise<Tide>;
  /** One command on a connection of its own, as `redis-cli` would send it; no fault befalls it. Rejects with what the server answers. */
  call(...args: string[]): Promise<Reply>;
  /** Closes every connection it made. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** All of `Faults`, and what happens to one connection, as if it were one process. */
export interface MemoryFaults extends Omit<Faults, "next" | "aim" | "refuse" | "refusing"> {
  /**
   * It vanishes without handing anything back, as by SIGKILL: no command of it arrives any more. Handlers it has begun go on, because
   * nothing can stop a function; what they do to the outside still counts.
   */
  kill(tide: Tide): void;
  /** It stands still, as by SIGSTOP: its timers and commands wait until the returned function is called. */
  pause(tide: Tide): () => void;
}

export function createMemory(options: MemoryOptions = {}): Memory {
  return new InMemory(options);
}

class InMemory implements Memory {
  readonly clock: VirtualClock;
  readonly faults: MemoryFaults;
  readonly #faults: Faults;
  readonly #options: MemoryOptions;
  readonly #processes = new Map<Tide, MemoryProcess>();
  #server: Promise<MemoryServer> | undefined;

  constructor(options: MemoryOptions) {
    this.clock = new VirtualClock(options);
    this.#options = options;
    this.#faults = new Faults(this.clock);
    this.faults = Object.assign(this.#faults, {
      kill: (tide: Tide) => this.#kill(tide),
      pause: (tide: Tide) => this.#process(tide).pause(),
    });
  }

  async connect(options: Omit<ConnectOptions, "url" | "password" | "tls"> = {}): Promise<Tide> {
    const server = await this.#open();
    const process = new MemoryProcess(this.clock);
    const tide = await open(parseConfig({ ...options, url: "redis://memory" }), {
      clock: process.clock,
      link: (link) => new MemoryLink({ options: link, server, process, faults: this.#faults, address: "memory" }),
    });
    this.#processes.set(tide, process);
    return tide;
  }

  async call(...args: string[]): Promise<Reply> {
    const server = await this.#open();
    return replyOf(await server.connectSafely().run(args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#faults.clear();
    await this.clock.finish(Promise.all([...this.#processes.keys()].map((tide) => tide.close({ deadline: 0 }))));
    this.clock.stop();
    const server = await this.#server?.catch(() => undefined);
    server?.close();
  }

  // Private

  #open(): Promise<MemoryServer> {
    return (this.#server ??= LuaEngine.load().then((lua) => {
      const { replicas = 0, server: dialect = "redis" } = this.#options;
      const server = new MemoryServer({ clock: this.clock, lua, faults: this.#faults, replicas, dialect });
      this.#faults.aim(server);
      return server;
    }));
  }

  #kill(tide: Tide): void {
    this.#process(tide).vanish();
    // Its loops would ask a dead connection for ever; with all links gone this hands nothing back.
    tide.close({ deadline: 0 }).catch(() => {});
  }

  #process(tide: Tide): MemoryProcess {
    const found = this.#processes.get(tide);
    if (found !== undefined) return found;
    throw new TidegateError("INVALID_CONFIG", "This connection was not made by this double's connect().");
  }
}
