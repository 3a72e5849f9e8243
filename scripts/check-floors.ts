/**
 * Fails on an import that points up, sideways or in a circle: between packages, between the folders of a package, between files.
 * The order is in `floors.json`, lowest first; names in one row may not import each other's folders in a circle.
 * Type imports count: they are dependencies of the reader, if not of the program.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

export interface Floors {
  /** Lowest first; each may import only those before it. */
  readonly packages: readonly string[];
  /** Folders beside the floors and what of the floors they may see. */
  readonly aside: Readonly<Record<string, readonly string[]>>;
  /** Per source folder its rows of files and folders, lowest first. */
  readonly inside: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Packages of others that one folder keeps to itself. */
  readonly only?: Readonly<Record<string, string>>;
}

interface Import {
  readonly from: string;
  readonly to: string;
}

export function checkFloors(root: string, floors: Floors): string[] {
  const folders = [...floors.packages, ...Object.keys(floors.aside)];
  const imports = folders.flatMap((folder) => sources(join(root, folder, "src"))).flatMap((file) => importsOf(file, root, folders));
  const inside = Object.entries(floors.inside).flatMap(([folder, rows]) => checkInside(folder, rows, imports));
  const kept = folders.flatMap((folder) => sources(join(root, folder, "src"))).flatMap((file) => checkOnly(file, root, floors.only ?? {}));
  return [...imports.flatMap((edge) => checkPackages(edge, floors)), ...inside, ...kept, ...circles(imports)];
}

// Private

function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return files.filter((name) => /(?<!\.test|\.d)\.tsx?$/.test(name));
}

function checkOnly(file: string, root: string, only: Readonly<Record<string, string>>): string[] {
  const [path, found] = [relative(root, file), specifiers(file)];
  const wrong = Object.entries(only).filter(([name, folder]) => found.includes(name) && !path.startsWith(`${folder}/`));
  return wrong.map(([name, folder]) => `${path} imports ${name}: only ${folder} may`);
}

function specifiers(file: string): string[] {
  const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const found = [...code.matchAll(/^\s*(?:import|export)\b[^"';]*?from\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|^\s*import\s+"([^"]+)"/gm)];
  return found.map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function importsOf(file: string, root: string, folders: readonly string[]): Import[] {
  const targets = specifiers(file).map((specifier) => target(specifier, file, root, folders));
  return targets.filter((to) => to !== null).map((to) => ({ from: relative(root, file), to }));
}

/** A path relative to the root for what is ours, null for everything else. */
function target(specifier: string, file: string, root: string, folders: readonly string[]): string | null {
  if (specifier.startsWith(".")) return relative(root, resolve(dirname(file), specifier));
  const name = (folder: string): string => (folder === "packages/platform" ? "tidegate" : `@tidegate/${folder.split("/").at(-1) ?? ""}`);
  const folder = folders.find((candidate) => specifier === name(candidate) || specifier.startsWith(`${name(candidate)}/`));
  return folder === undefined ? null : folder;
}

function packageOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function checkPackages({ from, to }: Import, floors: Floors): string[] {
  const [here, there] = [packageOf(from), packageOf(to)];
  if (here === there) return [];
  const allowed = floors.aside[here] ?? floors.packages.slice(0, Math.max(0, floors.packages.indexOf(here)));
  if (!allowed.includes(there)) return [`${from} imports ${to}: ${here} may import only ${allowed.join(", ") || "nothing of ours"}`];
  return to === there ? [] : [`${from} imports ${to}: reach another package by its name, not by a path`];
}

function checkInside(folder: string, rows: readonly (readonly string[])[], imports: readonly Import[]): string[] {
  const own = imports.filter((edge) => edge.from.startsWith(`${folder}/`) && edge.to.startsWith(`${folder}/`));
  const part = (path: string): string => partOf(path.slice(folder.length + 1), rows.flat());
  const rowOf = (path: string): number => rows.findIndex((row) => row.includes(part(path)));
  const unplaced = [...new Set(own.map((edge) => edge.from))].filter((path) => rowOf(path) < 0);
  const upward = own.filter((edge) => part(edge.from) !== part(edge.to) && rowOf(edge.to) > rowOf(edge.from) && rowOf(edge.from) >= 0);
  return [
    ...unplaced.map((path) => `${path} has no floor: add "${part(path)}" to floors.json under ${folder}`),
    ...upward.map((edge) => `${edge.from} imports ${edge.to}: ${part(edge.to)} is above ${part(edge.from)}`),
  ];
}

/** The file itself where `floors.json` names it apart from its folder; else the first name below the source folder. */
function partOf(path: string, named: readonly string[]): string {
  const file = path.replace(/\.tsx?$/, "");
  return named.includes(file) ? file : (file.split("/")[0] ?? "");
}

/** Depth first; a circle is reported once, from where it was entered. */
function circles(imports: readonly Import[]): string[] {
  const next = Map.groupBy(imports, (edge) => edge.from);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) found.push(`circle: ${[...trail.slice(at), file].join(" → ")}`);
    if (at >= 0 || done.has(file)) return;
    for (const edge of next.get(file) ?? []) visit(edge.to, [...trail, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "..");
  const problems = checkFloors(root, JSON.parse(readFileSync(join(root, "floors.json"), "utf8")) as Floors);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
