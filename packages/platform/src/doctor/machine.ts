/** Checks of this machine that need no Redis: Node, the limit of open files, the disk below the data folder. */
import { existsSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { userFolder } from "../config.ts";
import { bytes, fail, ok, warn, type CheckResult, type MachineCheck } from "./check.ts";

export const nodeVersion: MachineCheck = () => judgeNode(process.versions.node);

export const openFiles: MachineCheck = async () => {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => null);
  return limits === null ? ok("open files", "not known on this system") : judgeOpenFiles(limits);
};

export const diskSpace: MachineCheck = async ({ instance }) => {
  const folder = existing(instance?.folder ?? process.env["TIDEGATE_DATA"] ?? join(userFolder(process.env, process.cwd()), ".tidegate"));
  const { bavail, blocks, bsize } = await statfs(folder);
  return judgeDisk(folder, bavail * bsize, blocks * bsize);
};

export function judgeNode(version: string): CheckResult {
  if (Number(version.split(".")[0]) >= 24) return ok("node", version);
  return fail("node", `${version}, too old`, "Install Node 24 or newer: https://nodejs.org");
}

/** `limits` is the text of `/proc/self/limits`; each connection and each file needs one. */
export function judgeOpenFiles(limits: string): CheckResult {
  const found = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (found === undefined || found === "unlimited") return ok("open files", found ?? "not known on this system");
  if (Number(found) >= 4096) return ok("open files", `up to ${found}`);
  return warn("open files", `only up to ${found}`, "Raise it before starting: ulimit -n 65536   (systemd: LimitNOFILE=65536)");
}

export function judgeDisk(folder: string, free: number, total: number): CheckResult {
  const found = `${bytes(free)} of ${bytes(total)} free below ${folder}`;
  if (free < 100 * MEGABYTE) return fail("disk", found, "Make room now: Redis stops accepting messages when it cannot write.");
  if (free < 1024 * MEGABYTE) return warn("disk", found, "Make room, or choose another folder with TIDEGATE_DATA.");
  return ok("disk", found);
}

// Private

const MEGABYTE = 1024 * 1024;

function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));
}
