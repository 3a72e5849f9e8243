/**
 * The only one that speaks to the Docker Engine. It asks for a handful of things, each built from the template in `options.ts`, and touches only
 * containers, volumes, images and networks that carry our labels (or ask to be adopted). Every call ends: with an answer, or an error in time.
 */
import { lookup } from "node:dns/promises";
import { GatewayError } from "../../errors.ts";
import type { BuildSpec, ServiceSpec } from "../spec.ts";
import { Connection } from "./connection.ts";
import { Containers } from "./containers.ts";
import { LABELS } from "./engine.ts";
import type { ContainerRequest, ContainerState, ContainerStats, Engine, EngineEvent, EngineInfo, LogLine, LogOptions } from "./engine.ts";
import { followEvents } from "./events.ts";
import { Images } from "./images.ts";
import { logLines } from "./logs.ts";
import { Names } from "./names.ts";
import { Networks } from "./networks.ts";
import type { PublishAt } from "./options.ts";
import { containerStats } from "./stats.ts";
import { statusOf } from "./docker-errors.ts";

export interface BrokerOptions {
  /** `unix://…`, `tcp://host:port`; null: the usual socket. */
  readonly dockerHost: string | null;
  readonly namespace: string;
  /** Folder in which build contexts may lie. */
  readonly contexts: string;
  readonly dataFolder: string;
}

export class Broker implements Engine {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #networks: Networks;
  readonly #images: Images;
  readonly #containers: Containers;
  #reach: Promise<PublishAt> | null = null;

  constructor({ dockerHost, namespace, contexts, dataFolder }: BrokerOptions) {
    this.#connection = new Connection(dockerHost);
    this.#names = new Names(namespace);
    this.#networks = new Networks(this.#connection, this.#names);
    this.#images = new Images(this.#connection, this.#names, { contexts, dataFolder });
    this.#containers = new Containers(this.#connection, this.#names, this.#networks);
  }

  async info(): Promise<EngineInfo> {
    const versions = await this.#connection.versions();
    const told = await this.#told();
    const publishAt = await this.#publishAt(told);
    this.#reach = Promise.resolve(publishAt);
    await this.#networks.ensureOwn();
    return {
      ...versions,
      cgroup_version: told.CgroupVersion ?? "1",
      rootless: isRootless(told),
      reach: publishAt === null ? "network" : "published",
    };
  }

  ensureImage(image: string, pull: ServiceSpec["pull"], onLine: (line: string) => void, signal: AbortSignal): Promise<string> {
    return this.#images.ensure(image, pull, onLine, signal);
  }

  build(service: string, generation: number, build: BuildSpec, onLine: (line: string) => void, signal: AbortSignal): Promise<string> {
    return this.#images.build(service, generation, build, onLine, signal);
  }

  async createContainer(request: ContainerRequest): Promise<ContainerState> {
    return this.#containers.create(request, await this.#publish());
  }

  async start(id: string): Promise<ContainerState> {
    return this.#containers.start(id, await this.#publish());
  }

  stop(id: string, seconds: number): Promise<void> {
    return this.#containers.stop(id, seconds);
  }

  remove(id: string): Promise<void> {
    return this.#containers.remove(id);
  }

  async inspect(id: string): Promise<ContainerState | null> {
    return this.#containers.inspect(id, await this.#publish());
  }

  async list(service?: string): Promise<ContainerState[]> {
    return this.#containers.list(await this.#publish(), service);
  }

  /** Ends quietly with its signal. */
  async *logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine> {
    const asked = {
      stdout: true,
      stderr: true,
      timestamps: true,
      tail: options.tail,
      follow: options.follow === true,
      ...(options.since === undefined ? {} : { since: (options.since / 1000).toFixed(3) }),
    };
    const request = { method: "GET", path: `/containers/${encodeURIComponent(id)}/logs`, query: asked } as const;
    try {
      const tty = await this.#containers.hasTerminal(id);
      const stream = await this.#connection.stream("reading a log", request, signal);
      yield* logLines(stream as AsyncIterable<Buffer>, tty);
    } catch (error) {
      if (!signal.aborted) throw this.#connection.failed("reading a log", error);
    }
  }

  async stats(id: string): Promise<ContainerStats> {
    const raw = await this.#connection.call("reading statistics", (docker) => docker.getContainer(id).stats({ stream: false }));
    return containerStats(raw);
  }

  async removeVolumes(service: string): Promise<void> {
    const label = [`${LABELS.namespace}=${this.#names.namespace}`, `${LABELS.service}=${service}`];
    const { Volumes: volumes } = await this.#connection.call("listing volumes", (docker, abortSignal) =>
      docker.listVolumes({ filters: { label }, abortSignal }),
    );
    for (const { Name: name } of volumes ?? [])
      await this.#connection.call("removing a volume", (docker, abortSignal) =>
        docker
          .getVolume(name)
          .remove({ abortSignal })
          .catch((error: unknown) => {
            if (statusOf(error) !== 404) throw error;
          }),
      );
  }

  removeImages(service: string, keep: readonly string[]): Promise<void> {
    return this.#images.remove(service, keep);
  }

  follow(onEvent: (event: EngineEvent) => void, onGap: () => void, signal: AbortSignal): Promise<void> {
    return followEvents(this.#connection, this.#names.namespace, { event: onEvent, gap: onGap }, signal);
  }

  // Private

  #told(): Promise<Told> {
    return this.#connection.call("asking what it can", async (docker) => (await docker.info()) as Told);
  }

  async #publish(): Promise<PublishAt> {
    const reach = (this.#reach ??= this.#told().then((told) => this.#publishAt(told)));
    return reach.catch((error: unknown) => {
      this.#reach = null;
      throw error;
    });
  }

  /** Containers of another machine, of a rootless engine or of a virtual machine have addresses that lead nowhere from here. */
  async #publishAt(told: Told): Promise<PublishAt> {
    const { host } = this.#connection;
    if (host !== null) return publishingAddress(host);
    const near = process.platform === "linux" && !isRootless(told) && told.OperatingSystem !== "Docker Desktop";
    return near ? null : "127.0.0.1";
  }
}

// Private

/** Of `GET /info`. */
interface Told {
  readonly CgroupVersion?: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly OperatingSystem?: string;
}

function isRootless(told: Told): boolean {
  return (told.SecurityOptions ?? []).some((option) => option.includes("name=rootless"));
}

async function publishingAddress(host: string): Promise<string> {
  try {
    return (await lookup(host.replace(/^\[|\]$/g, ""))).address;
  } catch (cause) {
    throw new GatewayError("DOCKER_UNREACHABLE", `The Docker Engine's host ${host} has no address.`, { cause, hint: "Check DOCKER_HOST." });
  }
}
