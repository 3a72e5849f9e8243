/** What a service is made from: an image, or a Dockerfile in a folder of the machine or in the request itself. */
import { posix } from "node:path";
import type { BuildSpec, ServiceSpec } from "../spec.ts";
import { isImageId, parseImageName } from "../engine/image-name.ts";
import { readBuildArgs } from "./environment.ts";
import { object, text, truth, wrong, type Fields } from "./fields.ts";

type Source = Pick<ServiceSpec, "image" | "build">;

const BUILD_FIELDS = ["build", "dockerfile_path", "build_context", "dockerfile", "build_args"] as const;
const WHOLE = ["context", "dockerfile", "inline", "args"];

export function readSource(request: Fields, before: Source | null): Source {
  const image = request["image"] ?? null;
  const building = BUILD_FIELDS.filter((name) => name !== "build_args" && (request[name] ?? null) !== null);
  if (image !== null && building.length > 0) throw wrong(building.join(", "), "left out where image is given", request[building[0] ?? ""]);
  if (image !== null) return { image: readImage(image), build: null };
  if (building.length > 0) return { image: null, build: readBuild(request, before?.build ?? null) };
  if (before === null)
    throw wrong("image", "given, or dockerfile_path, or dockerfile", image, "Either a ready image or something to build one from.");
  if (request["build_args"] === undefined || before.build === null) return before;
  return { image: null, build: { ...before.build, args: readBuildArgs(request["build_args"]) } };
}

// Private

function readImage(value: unknown): string {
  const image = text(value, "image", 1024);
  if (!isImageId(image)) parseImageName(image);
  return image;
}

function readBuild(request: Fields, before: BuildSpec | null): BuildSpec {
  if ((request["build"] ?? null) !== null) return wholeBuild(object(request["build"], "build", WHOLE));
  const { build_context: context, dockerfile: inline, dockerfile_path: path, build_args: args } = request;
  if (inline !== undefined && path !== undefined) throw wrong("dockerfile_path", "left out where dockerfile is given", path);
  const given = { args: args === undefined ? (before?.args ?? {}) : readBuildArgs(args) };
  if (inline !== undefined) {
    const folder = context === undefined || context === null ? null : readFolder(context);
    return { context: folder, dockerfile: readDockerfile(inline), inline: true, ...given };
  }
  const dockerfile = path === undefined ? (before?.inline === false ? before.dockerfile : "Dockerfile") : readPath(path, "dockerfile_path");
  if (context !== undefined && context !== null) return { context: readFolder(context), dockerfile, inline: false, ...given };
  return { context: posix.dirname(dockerfile), dockerfile: posix.basename(dockerfile), inline: false, ...given };
}

/** As it is kept. */
function wholeBuild({ context = null, dockerfile, inline = false, args = {} }: Fields): BuildSpec {
  const folder = context === null ? null : readFolder(context);
  if (truth(inline, "build.inline"))
    return { context: folder, dockerfile: readDockerfile(dockerfile), inline: true, args: readBuildArgs(args) };
  if (folder === null) throw wrong("build.context", "a folder", context);
  return { context: folder, dockerfile: readPath(dockerfile, "build.dockerfile"), inline: false, args: readBuildArgs(args) };
}

function readDockerfile(value: unknown): string {
  const found = text(value, "dockerfile", 262_144);
  if (!/^\s*from\s/im.test(found))
    throw wrong("dockerfile", "the text of a Dockerfile, with FROM", found, "A file's path goes into dockerfile_path.");
  return found;
}

/** Whether it is where contexts may be is seen when it is built, links and all. */
function readFolder(value: unknown): string {
  const folder = text(value, "build_context", 4096);
  if (folder === "" || folder.split(/[\\/]/).includes("..")) throw wrong("build_context", "a folder without ..", folder);
  return folder;
}

function readPath(value: unknown, field: string): string {
  const path = text(value, field, 1024);
  if (path === "" || posix.isAbsolute(path) || path.split(/[\\/]/).includes("..") || path.endsWith("/"))
    throw wrong(field, "a path inside build_context, without ..", path);
  return posix.normalize(path);
}
