/**
 * Images: found, pulled, built from a Dockerfile, removed. Ours are known by their name and carry no labels: a container inherits those of its image,
 * and one that somebody runs by hand, or a step of a build, would look like a service's.
 */
import { totalmem } from "node:os";
import type Docker from "dockerode";
import { GatewayError } from "../../errors.ts";
import type { BuildSpec, ServiceSpec } from "../spec.ts";
import { openContext, type ContextRoots } from "./build-context.ts";
import { BuildLog, type BuildWord } from "./build-log.ts";
import type { Connection } from "./connection.ts";
import { oneLine, spokenError, statusOf, wordsOf } from "./docker-errors.ts";
import { isImageId, parseImageName, type ImageName } from "./image-name.ts";
import { jsonLines } from "./json-lines.ts";
import type { Names } from "./names.ts";

/** Until the first word: a registry is asked, or a whole context is sent. */
const SLOW_MS = 10 * 60_000;

/** A step of a build must not take the machine down with it. */
const BUILD_MEMORY = Math.floor(totalmem() / 2);

type OnLine = (line: string) => void;

export class Images {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #roots: ContextRoots;

  constructor(connection: Connection, names: Names, roots: ContextRoots) {
    this.#connection = connection;
    this.#names = names;
    this.#roots = roots;
  }

  async ensure(image: string, pull: ServiceSpec["pull"], onLine: OnLine, signal: AbortSignal): Promise<string> {
    const name = isImageId(image) ? null : parseImageName(image);
    const here = name !== null && pull === "always" ? null : await this.#id(image);
    if (here !== null) return here;
    if (name === null || pull === "never") throw absent(image, `it is not here${name === null ? "" : ", and pull is never"}`);
    await this.#pull(image, name, onLine, signal);
    const pulled = await this.#id(image);
    if (pulled === null) throw absent(image, "its registry answered, but sent no image");
    return pulled;
  }

  async build(service: string, generation: number, build: BuildSpec, onLine: OnLine, signal: AbortSignal): Promise<string> {
    await using context = await openContext(build, this.#roots);
    const tag = this.#names.image(service, generation);
    const options = buildOptions(build, context.dockerfile, tag);
    const log = new BuildLog(onLine);
    const stream = await this.#connection
      .open("building an image", (docker, abort) => docker.buildImage(context.tar, { ...options, abortSignal: abort }), signal, SLOW_MS)
      .catch((error: unknown) => {
        throw asBuildFailure(service, error);
      });
    await this.#read("building an image", stream, signal, log);
    const id = log.error === null ? (log.image ?? (await this.#id(tag))) : null;
    if (id === null) throw spokenError("building an image", log.error ?? "") ?? buildFailed(service, log.failure(), log.tail);
    return id;
  }

  async remove(service: string, keep: readonly string[]): Promise<void> {
    const reference = [this.#names.images(service)];
    const images = await this.#connection.call("listing images", (docker, abortSignal) =>
      docker.listImages({ filters: { reference }, abortSignal }),
    );
    const kept = (image: Docker.ImageInfo): boolean => [image.Id, ...(image.RepoTags ?? [])].some((name) => keep.includes(name));
    // By its names: one that was built again unchanged has several, and is not removed by its id then.
    const names = images.filter((image) => !kept(image)).flatMap(({ Id, RepoTags }) => RepoTags ?? [Id]);
    for (const name of names) if (name.startsWith(`${reference[0]}:`) || name.startsWith("sha256:")) await this.#removeOne(name);
  }

  // Private

  async #id(image: string): Promise<string | null> {
    return this.#connection.call("looking for an image", async (docker) => {
      const found = await docker
        .getImage(image)
        .inspect()
        .catch((error: unknown) => {
          if (statusOf(error) === 404) return null;
          throw error;
        });
      return found?.Id ?? null;
    });
  }

  /** Without a tag or digest Docker would pull every tag there is. */
  async #pull(image: string, { name, tag, digest, registry }: ImageName, onLine: OnLine, signal: AbortSignal): Promise<void> {
    const what = `pulling ${image}`;
    const reference = digest === null ? { fromImage: name, tag: tag ?? "latest" } : { fromImage: `${name}@${digest}` };
    const stream = await this.#connection
      .stream(what, { method: "POST", path: "/images/create", query: reference }, signal, SLOW_MS)
      .catch((error: unknown) => {
        throw pullFailed(image, registry, error);
      });
    const log = new BuildLog(onLine);
    await this.#read(what, stream, signal, log);
    if (log.error !== null) throw spokenError(what, log.error) ?? absent(image, pullReason(log.error, registry));
  }

  async #read(what: string, stream: NodeJS.ReadableStream, signal: AbortSignal, log: BuildLog): Promise<void> {
    try {
      for await (const word of jsonLines<BuildWord>(stream as AsyncIterable<Buffer>)) log.read(word);
      log.end();
    } catch (error) {
      signal.throwIfAborted();
      throw this.#connection.failed(what, error);
    }
    signal.throwIfAborted();
  }

  /** One that is used, or was removed by somebody else, stays as it is. */
  async #removeOne(id: string): Promise<void> {
    await this.#connection.call("removing an image", (docker, abortSignal) =>
      docker
        .getImage(id)
        .remove({ abortSignal })
        .catch((error: unknown) => {
          if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
        }),
    );
  }
}

// Private

function buildOptions(build: BuildSpec, dockerfile: string, tag: string): Docker.ImageBuildOptions {
  // The builder that is in every engine and needs no session. Without `pull` an image that is here is taken as it is.
  const kept = { dockerfile, t: tag, buildargs: { ...build.args }, rm: true, forcerm: true, version: "1" } as const;
  return { ...kept, memory: BUILD_MEMORY, memswap: BUILD_MEMORY };
}

function absent(image: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError("IMAGE_NOT_FOUND", `There is no image ${image}: ${reason}.`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Check its name and tag. An image that was built on this machine is found by the name docker images shows.",
  });
}

/** What Docker refused in words is about the image; everything else about the engine. */
function pullFailed(image: string, registry: string, error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.code !== "DOCKER_ERROR" || statusOf(error.cause) === null) return error;
  return absent(image, pullReason(wordsOf(error.cause), registry), error);
}

function pullReason(words: string, registry: string): string {
  const short = oneLine(words.replace(/^Error response from daemon: /, "")).replace(/\.$/, "");
  if (/no such host|dial tcp|i\/o timeout|connection refused|network is unreachable|TLS handshake|Client\.Timeout|EOF$/i.test(words))
    return `it is not here, and its registry (${registry}) cannot be reached (${short})`;
  return `it is not here, and its registry (${registry}) says: ${short}`;
}

/** A Dockerfile that cannot even be read is answered at once, with 400. */
function asBuildFailure(service: string, error: unknown): unknown {
  const cause = error instanceof GatewayError && error.code === "DOCKER_ERROR" ? error.cause : null;
  return statusOf(cause) === null ? error : buildFailed(service, wordsOf(cause));
}

function buildFailed(service: string, reason: string, logTail: readonly string[] = []): GatewayError {
  return new GatewayError("BUILD_FAILED", `The image of ${service} does not build: ${reason.replace(/\.$/, "")}.`, {
    logTail,
    hint: "The lines of the build are in its events; docker build in the same folder shows the same.",
  });
}
