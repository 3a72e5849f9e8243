/**
 * Names of images: `[registry[:port]/]path[:tag][@sha256:…]`
 * (grammar: https://pkg.go.dev/github.com/distribution/reference#pkg-overview).
 */
import { GatewayError } from "../../errors.ts";

export interface ImageName {
  /** Registry and path. */
  readonly name: string;
  readonly registry: string;
  /** `latest` when neither tag nor digest was given. */
  readonly tag: string | null;
  readonly digest: string | null;
}

const REGISTRY = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?`;
const PART = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const IMAGE = new RegExp(
  String.raw`^(?<name>(?:(?<registry>${REGISTRY})\/)?${PART}(?:\/${PART})*)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?$`,
);
/** An id, as Docker answers it. */
const ID = /^sha256:[a-f0-9]{64}$/;
const LONGEST = 512;

export function isImageId(image: string): boolean {
  return ID.test(image);
}

/** Throws INVALID_IMAGE. */
export function parseImageName(image: string): ImageName {
  const groups = image.length <= LONGEST ? IMAGE.exec(image)?.groups : undefined;
  const name = groups?.["name"];
  if (groups === undefined || name === undefined) throw invalid(image);
  const digest = groups["digest"] ?? null;
  return { name, registry: registryOf(name), tag: groups["tag"] ?? (digest === null ? "latest" : null), digest };
}

// Private

/** The first part is a registry only if it looks like a host. */
function registryOf(name: string): string {
  const [first = "", ...rest] = name.split("/");
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? first : "docker.io";
}

function invalid(image: string): GatewayError {
  const shown = JSON.stringify(image.length > 100 ? `${image.slice(0, 100)}…` : image);
  return new GatewayError("INVALID_IMAGE", `${shown} is not the name of an image.`, {
    hint: "An image is [registry/]name[:tag][@sha256:…], in lower case, for example nginx:1.27-alpine or ghcr.io/acme/api:2.",
  });
}
