/**
 * `instance.json`: who runs in a data folder, so that other programs find it, a second `up` is refused, and the next start can
 * end what a killed supervisor left behind. One live supervisor per folder: the file is created by link(2), which never
 * replaces another's, and a stale file is moved away before it is judged.
 */
import { existsSync } from "node:fs";
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { InstanceFile } from "@tidegate/streams";
import { PlatformError, messageOf } from "./errors.ts";
import { birthOf, commandLine, endProcess, isAlive } from "./supervisor/processes.ts";

/** What the public shape does not need: enough to recognise our own processes again. */
export interface InstanceRecord extends InstanceFile {
  readonly version: string;
  readonly state: "starting" | "running" | "stopping";
  /** Tells this process from a later one with the same id; null where the system does not say. */
  readonly birth: string | null;
  readonly children: Readonly<Record<string, number>>;
  /** Of the front door, HTTP and HTTPS. */
  readonly edgeUrls?: readonly string[];
}

/** Words that must stand in a left-behind child's command line before it is ended, by its name without number. */
export type ChildMarks = Readonly<Record<string, string>>;

export class Instance {
  readonly folder: string;
  #record: InstanceRecord;
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, record: InstanceRecord) {
    this.folder = folder;
    this.#record = record;
  }

  /**
   * Makes the folder (0700), ends what a killed supervisor left there and takes it.
   * Rejects with ALREADY_RUNNING while another supervisor lives; `ended` is told of every process that had to be ended.
   */
  static async claim(
    folder: string,
    record: InstanceRecord,
    marks: ChildMarks,
    ended: (name: string, pid: number) => void,
  ): Promise<Instance> {
    await makeFolder(folder);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      if (await createFile(folder, record)) return new Instance(folder, record);
      await removeStale(folder, marks, ended);
    }
    throw new PlatformError("ALREADY_RUNNING", `Another Tidegate is starting in ${folder}.`, {
      hint: "Wait for it, or choose another folder with --data.",
    });
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  /** Writes are queued, so the file always ends as the last update left it. */
  update(change: Partial<InstanceRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    const text = serialise(this.#record);
    this.#writing = this.#writing.then(() => replaceFile(this.folder, text));
    return this.#writing;
  }

  async release(): Promise<void> {
    await this.#writing.catch(() => {});
    await removeInstance(this.folder, this.#record.pid);
  }
}

/** Removes the file if it is still the one of this supervisor; also used by a control process whose supervisor vanished. */
export async function removeInstance(folder: string, supervisor: number): Promise<void> {
  const found = await readInstance(folder);
  if (found?.pid === supervisor) await rm(pathIn(folder), { force: true });
}

/** The file's content, or null if there is none or it is not readable as one. */
export async function readInstance(folder: string): Promise<InstanceRecord | null> {
  try {
    return JSON.parse(await readFile(pathIn(folder), "utf8")) as InstanceRecord;
  } catch {
    return null;
  }
}

// Private

function pathIn(folder: string): string {
  return join(folder, "instance.json");
}

function serialise(record: InstanceRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await makeMissing(folder);
    await chmod(folder, 0o700);
  } catch (error) {
    throw new PlatformError("DATA_FOLDER", `The data folder ${folder} cannot be used: ${messageOf(error)}`, {
      cause: error,
      hint: "Choose a folder of your own with --data, or set TIDEGATE_DATA.",
    });
  }
}

/** Level by level: where a file system refuses by "no such file", as /proc does, Node's own recursive mkdir never ends. */
async function makeMissing(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeMissing(dirname(folder));
  await mkdir(folder, { mode: 0o700 });
}

async function createFile(folder: string, record: InstanceRecord): Promise<boolean> {
  const draft = join(folder, `instance.${process.pid}.tmp`);
  await writeFile(draft, serialise(record), { mode: 0o600 });
  try {
    await link(draft, pathIn(folder));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function replaceFile(folder: string, text: string): Promise<void> {
  const draft = join(folder, `instance.${process.pid}.tmp`);
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, pathIn(folder));
}

async function removeStale(folder: string, marks: ChildMarks, ended: (name: string, pid: number) => void): Promise<void> {
  const found = await readInstance(folder);
  if (found !== null && lives(found)) throw alreadyRunning(folder, found);
  for (const [name, pid] of leftBehind(found, marks)) {
    ended(name, pid);
    await endProcess(pid, 15_000);
  }
  await moveAway(folder, found);
}

/** Two starts may judge the same stale file: whoever moves it away looks again at what it moved, and puts a fresh one back. */
async function moveAway(folder: string, judged: InstanceRecord | null): Promise<void> {
  const aside = join(folder, `instance.${process.pid}.stale`);
  await rename(pathIn(folder), aside).catch(() => {});
  const moved = await readFile(aside, "utf8")
    .then((text) => JSON.parse(text) as InstanceRecord)
    .catch(() => null);
  if (moved !== null && moved.pid !== judged?.pid) await link(aside, pathIn(folder)).catch(() => {});
  await rm(aside, { force: true });
}

function lives(record: InstanceRecord): boolean {
  if (record.pid === process.pid || !isAlive(record.pid)) return false;
  const birth = birthOf(record.pid);
  return birth !== null && record.birth !== null ? birth === record.birth : commandLine(record.pid).includes("up");
}

/** Control first, then the edge, Redis last: the order of a proper stop. */
const STOP_ORDER = ["control", "edge", "redis"];

function leftBehind(record: InstanceRecord | null, marks: ChildMarks): [string, number][] {
  const children = Object.entries(record?.children ?? {}).filter(([name, pid]) => {
    const mark = marks[kindOf(name)];
    return mark !== undefined && isAlive(pid) && commandLine(pid).includes(mark);
  });
  return children.sort(([one], [other]) => STOP_ORDER.indexOf(kindOf(one)) - STOP_ORDER.indexOf(kindOf(other)));
}

/** `edge` for `edge-2`. */
function kindOf(name: string): string {
  return name.replace(/-\d+$/, "");
}

function alreadyRunning(folder: string, record: InstanceRecord): PlatformError {
  const where = record.consoleUrl === "" ? "" : ` at ${record.consoleUrl}`;
  return new PlatformError("ALREADY_RUNNING", `Tidegate already runs in ${folder} (process ${record.pid})${where}.`, {
    hint: `Use that one, stop it with: kill ${record.pid}   or start another with --data <folder> --port 0.`,
  });
}
