/** What is done to containers. Everything may be asked for twice: by a second process, or again after an engine that went away in between. */
import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import { GatewayError } from "../../errors.ts";
import type { Connection } from "./connection.ts";
import { statusOf, wordsOf } from "./docker-errors.ts";
import { LABELS, type ContainerRequest, type ContainerState } from "./engine.ts";
import type { Names } from "./names.ts";
import type { Networks } from "./networks.ts";
import { containerOptions, type PublishAt } from "./options.ts";
import { containerState } from "./state.ts";

const SLOW_MS = 60_000;
/** How long Docker may take after SIGKILL. */
const STOP_MS = 30_000;

const INSPECTED_AT_ONCE = 3;

export class Containers {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #networks: Networks;

  constructor(connection: Connection, names: Names, networks: Networks) {
    this.#connection = connection;
    this.#names = names;
    this.#networks = networks;
  }

  async create(request: ContainerRequest, publishAt: PublishAt): Promise<ContainerState> {
    await this.#networks.check(request.spec.networks);
    await this.#networks.ensureOwn();
    await this.#makeVolumes(request);
    const id = await this.#made(request, publishAt);
    await this.#networks.join(id, request.spec.networks, request.service);
    const made = await this.inspect(id, publishAt);
    if (made === null) throw gone("creating a container");
    return made;
  }

  async start(id: string, publishAt: PublishAt): Promise<ContainerState> {
    await this.#connection.call("starting a container", (docker, abortSignal) => startOne(docker, id, abortSignal), { limit: SLOW_MS });
    const started = await this.inspect(id, publishAt);
    if (started === null) throw gone("starting a container");
    return started;
  }

  async stop(id: string, seconds: number): Promise<void> {
    const limit = seconds * 1000 + STOP_MS;
    await this.#connection.call(
      "stopping a container",
      (docker, abortSignal) => tolerating([304, 404], docker.getContainer(id).stop({ t: seconds, abortSignal })),
      { limit },
    );
  }

  /** Resolves when it is gone, also where somebody else removes it. Its anonymous volumes go with it. */
  async remove(id: string): Promise<void> {
    const remove = (docker: Docker, abortSignal: AbortSignal): Promise<unknown> =>
      tolerating([404, 409], docker.getContainer(id).remove({ force: true, v: true, abortSignal }));
    await this.#connection.call("removing a container", remove, { limit: SLOW_MS });
    const end = performance.now() + SLOW_MS;
    while ((await this.#inspected(id)) !== null) {
      if (performance.now() > end) throw new GatewayError("DOCKER_ERROR", `Docker has not removed container ${id} in a minute.`);
      await delay(50);
      await this.#connection.call("removing a container", remove, { limit: SLOW_MS });
    }
  }

  async inspect(id: string, publishAt: PublishAt): Promise<ContainerState | null> {
    const inspected = await this.#inspected(id);
    return inspected === null ? null : containerState(inspected, this.#names.network, publishAt !== null);
  }

  async list(publishAt: PublishAt, service?: string): Promise<ContainerState[]> {
    const ours = `${LABELS.namespace}=${this.#names.namespace}`;
    const labels =
      service === undefined ? [[ours], [LABELS.adopt]] : [[ours, `${LABELS.service}=${service}`], [`${LABELS.adopt}=${service}`]];
    const found = await Promise.all(labels.map((all) => this.#ids(all)));
    return await this.#inspectAll([...new Set(found.flat())], publishAt);
  }

  async hasTerminal(id: string): Promise<boolean> {
    const inspected = await this.#inspected(id);
    if (inspected === null) throw gone("reading a log");
    return inspected.Config.Tty;
  }

  // Private

  /** A few at a time: fifty answers at once would be taken in without a pause, and whoever else waits here would wait for all of them. */
  async #inspectAll(ids: readonly string[], publishAt: PublishAt): Promise<ContainerState[]> {
    const states: (ContainerState | null)[] = [];
    const queue = ids.entries();
    const next = async (): Promise<void> => {
      for (const [index, id] of queue) states[index] = await this.inspect(id, publishAt);
    };
    await Promise.all(Array.from({ length: INSPECTED_AT_ONCE }, next));
    return states.filter((state) => state !== null);
  }

  async #ids(label: string[]): Promise<string[]> {
    const found = await this.#connection.call("listing containers", (docker, abortSignal) =>
      docker.listContainers({ all: true, filters: { label }, abortSignal }),
    );
    return found.map(({ Id }) => Id);
  }

  #inspected(id: string): Promise<Docker.ContainerInspectInfo | null> {
    return this.#connection.call("inspecting a container", (docker, abortSignal) =>
      docker
        .getContainer(id)
        .inspect({ abortSignal })
        .catch((error: unknown) => {
          if (statusOf(error) === 404) return null;
          throw error;
        }),
    );
  }

  /** By themselves, because only then they carry our labels and are found again. */
  async #makeVolumes({ service, spec }: ContainerRequest): Promise<void> {
    const Labels = { [LABELS.namespace]: this.#names.namespace, [LABELS.service]: service };
    for (const volume of spec.volumes)
      await this.#connection.call("making a volume", (docker, abortSignal) =>
        docker.createVolume({ Name: this.#names.volume(service, volume.name), Labels, abortSignal }),
      );
  }

  /** Null: there is one of its name. */
  #create(request: ContainerRequest, publishAt: PublishAt): Promise<string | null> {
    const options = containerOptions(request, this.#names, publishAt);
    return this.#connection.call(
      "creating a container",
      async (docker, abortSignal) => {
        try {
          return (await docker.createContainer({ ...options, abortSignal })).id;
        } catch (error) {
          if (statusOf(error) === 409) return null;
          throw asImageError(request.image, error);
        }
      },
      { limit: SLOW_MS },
    );
  }

  /** Docker reserves the name before the container can be seen, and gives it back when making it fails. */
  async #made(request: ContainerRequest, publishAt: PublishAt): Promise<string> {
    const end = performance.now() + SLOW_MS;
    for (;;) {
      const id = (await this.#create(request, publishAt)) ?? (await this.#existing(request, publishAt));
      if (id !== null) return id;
      if (performance.now() > end) throw this.#taken(request);
      await delay(50);
    }
  }

  /** The one there is, if it is the same; null while nothing is to be seen of it. */
  async #existing(request: ContainerRequest, publishAt: PublishAt): Promise<string | null> {
    const { service, generation } = request;
    const found = await this.inspect(this.#names.container(service, generation), publishAt);
    if (found === null) return null;
    const { [LABELS.namespace]: namespace, [LABELS.service]: name, [LABELS.generation]: number } = found.labels;
    if (namespace === this.#names.namespace && name === service && number === String(generation)) return found.id;
    throw this.#taken(request);
  }

  #taken({ service, generation }: ContainerRequest): GatewayError {
    const name = this.#names.container(service, generation);
    return new GatewayError("NAME_TAKEN", `There is a container ${name} that is not of this service.`, {
      hint: `Look at it with docker inspect ${name}, and rename or remove it.`,
    });
  }
}

// Private

async function tolerating(statuses: readonly number[], call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
  });
}

async function startOne(docker: Docker, id: string, abortSignal: AbortSignal): Promise<void> {
  try {
    await tolerating([304], docker.getContainer(id).start({ abortSignal }));
  } catch (error) {
    throw asStartError(error);
  }
}

/** A program that cannot be run and a port that is taken are not Docker's failures. */
function asStartError(error: unknown): unknown {
  const words = statusOf(error) === null ? "" : wordsOf(error);
  if (/port is already allocated|address already in use/i.test(words))
    return new GatewayError("PORT_TAKEN", `Docker cannot publish a port: ${words}`, { cause: error });
  if (/docker-init/.test(words))
    return new GatewayError("DOCKER_ERROR", `Docker's init program is missing: ${words}`, {
      cause: error,
      hint: "Install tini (Debian, Ubuntu: apt-get install tini).",
    });
  const reason = UNSTARTABLE.exec(words)?.[0];
  if (reason === undefined) return error;
  return new GatewayError("CONTAINER_EXITED", `The container cannot be started: ${reason.replace(/: unknown$/, "")}.`, {
    cause: error,
    hint: "Check command and user, or the image's CMD, ENTRYPOINT and USER.",
  });
}

const UNSTARTABLE = /unable to find (?:user|group) .*|exec: .*|[^:]*executable file not found.*|no command specified.*/i;

function asImageError(image: string, error: unknown): unknown {
  if (statusOf(error) !== 404 || !/no such image/i.test(wordsOf(error))) return error;
  return new GatewayError("IMAGE_NOT_FOUND", `There is no image ${image} here (any more).`, { cause: error });
}

function gone(what: string): GatewayError {
  return new GatewayError("DOCKER_ERROR", `${what}: somebody else has removed it.`, {
    hint: "Restart the service: it gets a new container.",
  });
}
