/**
 * A Docker Engine in this process, for tests of what stands on one: containers are real listeners on loopback, images are characters (`good:1`
 * answers, `sick:1` does not, `dying:1` ends at once). Nothing of it is slow, and everything of it can be looked at and disturbed.
 */
import { createServer, type Server, type AddressInfo } from "node:net";
import { once } from "node:events";
import { GatewayError } from "../errors.ts";
import {
  LABELS,
  type ContainerRequest,
  type ContainerState,
  type ContainerStats,
  type Engine,
  type EngineEvent,
  type EngineInfo,
  type LogLine,
} from "../services/engine/engine.ts";

interface Made {
  state: ContainerState;
  readonly request: ContainerRequest | null;
  server: Server | null;
}

/** tcpmux: below the ports given to listeners, and unused for decades. */
const NOBODYS = 1;

export class MemoryEngine implements Engine {
  readonly containers = new Map<string, Made>();
  readonly #listeners = new Set<{ event: (event: EngineEvent) => void; gap: () => void }>();
  #made = 0;
  /** Does not answer. */
  away = false;

  info(): Promise<EngineInfo> {
    return this.#answer(() => ({ version: "0", api_version: "1.41", cgroup_version: "2", rootless: false, reach: "published" }));
  }

  ensureImage(image: string): Promise<string> {
    return this.#answer(() => {
      if (image.startsWith("missing")) throw new GatewayError("IMAGE_NOT_FOUND", `There is no image ${image}.`);
      return `sha256:${image}`;
    });
  }

  build(service: string, generation: number): Promise<string> {
    return this.#answer(() => `sha256:good-${service}-${generation}`);
  }

  createContainer(request: ContainerRequest): Promise<ContainerState> {
    return this.#answer(() => {
      const name = `${request.service}-${request.generation}`;
      const there = [...this.containers.values()].find(({ state }) => state.name === name);
      if (there !== undefined) return there.state;
      const labels = { [LABELS.namespace]: "test", [LABELS.service]: request.service, [LABELS.generation]: String(request.generation) };
      return this.#add({ name, labels, image: request.image }, request).state;
    });
  }

  /** Somebody else's container. */
  async foreign(name: string, labels: Record<string, string>): Promise<ContainerState> {
    const { state } = this.#add({ name, labels, image: "good:1" }, null);
    return await this.start(state.id);
  }

  async start(id: string): Promise<ContainerState> {
    const made = this.#of(id);
    if (made.state.status === "running") return made.state;
    const image = made.state.image.replace("sha256:", "");
    if (image.startsWith("dying")) return this.#set(made, { status: "exited", exit_code: 3, addresses: new Map() });
    const server = createServer((socket) => socket.on("error", () => {}).end(made.state.name)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const sick = image.startsWith("sick");
    // A port that was given back may soon be another container's, which answers; nobody has this one.
    const port = sick ? NOBODYS : (server.address() as AddressInfo).port;
    if (sick) server.close();
    made.server = server;
    const ports = made.request?.spec.port_configs.map(({ container }) => container) ?? [80];
    const addresses = new Map(ports.map((container) => [container, { host: "127.0.0.1", port }]));
    const started = this.#set(made, { status: "running", exit_code: null, addresses, started_at: Date.now() });
    this.#tell("start", started);
    return started;
  }

  async stop(id: string): Promise<void> {
    await this.#answer(() => {
      const made = this.containers.get(id);
      if (made?.state.status === "running") this.dies(id, 0);
    });
  }

  /** Ends by itself. */
  dies(id: string, exit_code: number): void {
    const made = this.#of(id);
    made.server?.close();
    made.server = null;
    this.#tell("die", this.#set(made, { status: "exited", exit_code, addresses: new Map() }));
  }

  async remove(id: string): Promise<void> {
    await this.#answer(() => {
      const made = this.containers.get(id);
      if (made === undefined) return;
      if (made.state.status === "running") this.dies(id, 137);
      this.containers.delete(id);
      this.#tell("destroy", made.state);
    });
  }

  inspect(id: string): Promise<ContainerState | null> {
    return this.#answer(() => this.containers.get(id)?.state ?? null);
  }

  list(service?: string): Promise<ContainerState[]> {
    const all = [...this.containers.values()].map(({ state }) => state);
    return this.#answer(() =>
      all.filter(({ labels }) => service === undefined || labels[LABELS.service] === service || labels[LABELS.adopt] === service),
    );
  }

  async *logs(id: string): AsyncIterable<LogLine> {
    const made = await this.#answer(() => this.#of(id));
    const secret = made.request?.environment["TOKEN"] ?? "nothing";
    yield { stream: "stderr", at: null, text: `token is ${secret}` };
  }

  stats(): Promise<ContainerStats> {
    return Promise.reject(new GatewayError("DOCKER_ERROR", "no statistics"));
  }

  removeVolumes(): Promise<void> {
    return this.#answer(() => {});
  }

  removeImages(): Promise<void> {
    return this.#answer(() => {});
  }

  async follow(event: (event: EngineEvent) => void, gap: () => void, signal: AbortSignal): Promise<void> {
    const listener = { event, gap };
    this.#listeners.add(listener);
    gap();
    if (!signal.aborted) await once(signal, "abort");
    this.#listeners.delete(listener);
  }

  /** Comes back after everything has ended. */
  restart(): void {
    for (const [id, { state }] of this.containers) if (state.status === "running") this.dies(id, 137);
    for (const { gap } of this.#listeners) gap();
  }

  close(): void {
    for (const { server } of this.containers.values()) server?.close();
  }

  // Private

  #add(start: Pick<ContainerState, "name" | "labels" | "image">, request: ContainerRequest | null): Made {
    const id = `c${++this.#made}`;
    const rest = { exit_code: null, error: null, health: "none", created_at: Date.now(), started_at: null, restarts: 0 } as const;
    const made: Made = {
      state: { ...start, ...rest, id, image_id: start.image, status: "created", addresses: new Map() },
      request,
      server: null,
    };
    this.containers.set(id, made);
    return made;
  }

  #set(made: Made, change: Partial<ContainerState>): ContainerState {
    return (made.state = { ...made.state, ...change });
  }

  #of(id: string): Made {
    const made = this.containers.get(id);
    if (made === undefined) throw new GatewayError("DOCKER_ERROR", `There is no container ${id}.`);
    return made;
  }

  #tell(action: EngineEvent["action"], { id, labels, exit_code }: ContainerState): void {
    for (const { event } of this.#listeners) event({ action, container: id, labels, exit_code, at: Date.now() });
  }

  async #answer<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    if (this.away) throw new GatewayError("DOCKER_UNREACHABLE", "The Docker Engine does not answer.");
    return work();
  }
}
