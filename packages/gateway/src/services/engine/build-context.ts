/**
 * Packs what a Dockerfile builds from. Only folders below the configured root, never the data folder; links are packed as links, so nothing outside
 * is ever read. `.dockerignore` holds.
 */
import { lstat, mkdtemp, readFile, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import createIgnore from "@balena/dockerignore";
import { pack, type Pack } from "tar-fs";
import { GatewayError } from "../../errors.ts";
import type { BuildSpec } from "../spec.ts";

const CONTEXT_LIMIT = { bytes: 512 * 1024 * 1024, files: 100_000 };
/** Name of an inline Dockerfile inside a context. */
const INLINE = ".tidegate.Dockerfile";

export interface BuildContext extends AsyncDisposable {
  readonly tar: NodeJS.ReadableStream;
  /** Path of the Dockerfile inside. */
  readonly dockerfile: string;
}

export interface ContextRoots {
  readonly contexts: string;
  readonly dataFolder: string;
}

export async function openContext(build: BuildSpec, roots: ContextRoots, limit = CONTEXT_LIMIT): Promise<BuildContext> {
  if (build.context === null) return inlineOnly(build.dockerfile);
  const folder = await contextFolder(build.context, roots);
  const dockerfile = build.inline ? INLINE : await dockerfileIn(folder, build.dockerfile);
  const packed = await choose(folder, dockerfile, limit);
  const tar = pack(folder, {
    ignore: (path) => path !== folder && !packed.has(path),
    ...(build.inline ? { finalize: false, finish: (open) => addFile(open, INLINE, build.dockerfile) } : {}),
  });
  return { tar: asStream(tar), dockerfile, [Symbol.asyncDispose]: async () => tar.destroy() };
}

/** Its real path; throws INVALID_SPEC for what is not a folder below the root. */
export async function contextFolder(context: string, { contexts, dataFolder }: ContextRoots): Promise<string> {
  const root = await realpath(contexts).catch((cause: unknown) => {
    throw refused(`the folder for build contexts, ${contexts}, does not exist`, "Create it, or set TIDEGATE_CONTEXTS.", cause);
  });
  const folder = await realpath(resolve(root, context)).catch((cause: unknown) => {
    throw refused(`there is no folder ${context} in ${contexts}`, `Put it below ${contexts}.`, cause);
  });
  if (!contains(root, folder))
    throw refused(`${context} leads out of ${contexts}`, `Put it below ${contexts}; links must not lead out of it.`);
  const data = await realpath(dataFolder).catch(() => resolve(dataFolder));
  if (contains(data, folder) || contains(folder, data))
    throw refused(`${context} contains Tidegate's own data`, "Choose a folder of its own for it.");
  if (!(await lstat(folder)).isDirectory()) throw refused(`${context} is no folder`, "Name the folder that the Dockerfile builds from.");
  return folder;
}

// Private

interface Packer {
  entry(head: { readonly name: string; readonly mode: number }, text: string): unknown;
  finalize(): void;
}

/** The packer's own kind of stream: Node's in all that is used here. */
function asStream(tar: Pack): NodeJS.ReadableStream {
  return tar as unknown as NodeJS.ReadableStream;
}

function addFile(open: Packer, name: string, text: string): void {
  open.entry({ name, mode: 0o644 }, text);
  open.finalize();
}

async function inlineOnly(text: string): Promise<BuildContext> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-build-"));
  await writeFile(join(folder, "Dockerfile"), text);
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return { tar: asStream(pack(folder)), dockerfile: "Dockerfile", [Symbol.asyncDispose]: dispose };
}

async function dockerfileIn(folder: string, path: string): Promise<string> {
  const full = resolve(folder, path);
  const found = contains(folder, full) ? await realpath(full).catch(() => null) : null;
  if (found === null || !contains(folder, found) || !(await lstat(found)).isFile())
    throw refused(`there is no Dockerfile ${path} in it`, "dockerfile_path is a path inside build_context.");
  return relative(folder, full).split(sep).join("/");
}

function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Full paths of what is packed: files, links and folders that are not ignored, and the folders they are in. */
async function choose(folder: string, dockerfile: string, limit: typeof CONTEXT_LIMIT): Promise<ReadonlySet<string>> {
  const lines = await ignoreLines(folder);
  const ignore = createIgnore.default().add(lines);
  // Only an exception (`!keep`) can be inside an ignored folder.
  const skip = (path: string): boolean => !lines.some((line) => line.trim().startsWith("!")) && ignore.ignores(relative(folder, path));
  const chosen = new Set<string>();
  let bytes = 0;
  for await (const { path, size } of walk(folder, skip)) {
    const name = relative(folder, path);
    if (ignore.ignores(name) && name !== dockerfile && name !== ".dockerignore") continue;
    for (let parent = path; parent !== folder && !chosen.has(parent); parent = dirname(parent)) chosen.add(parent);
    bytes += size;
    if (bytes > limit.bytes || chosen.size > limit.files) throw tooLarge(limit);
  }
  return chosen;
}

/** A link instead of the file is not followed. */
async function ignoreLines(folder: string): Promise<string[]> {
  const path = join(folder, ".dockerignore");
  const found = await lstat(path).catch(() => null);
  return found?.isFile() === true ? (await readFile(path, "utf8")).split(/\r?\n/) : [];
}

async function* walk(folder: string, skip: (path: string) => boolean): AsyncGenerator<{ readonly path: string; readonly size: number }> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (skip(path)) continue;
      yield { path, size: 0 };
      yield* walk(path, skip);
    } else if (entry.isFile()) yield { path, size: (await lstat(path)).size };
    else if (entry.isSymbolicLink()) yield { path, size: 0 };
  }
}

function tooLarge({ bytes, files }: typeof CONTEXT_LIMIT): GatewayError {
  return refused(
    `it has more than ${Math.round(bytes / 1024 / 1024)} MiB or ${files} files`,
    "Leave out what is not needed with a .dockerignore.",
  );
}

function refused(what: string, hint: string, cause?: unknown): GatewayError {
  return new GatewayError("INVALID_SPEC", `build_context: ${what}.`, { hint, ...(cause === undefined ? {} : { cause }) });
}
