/**
 * Mounted local file systems from /proc/mounts (proc_pid_mounts(5)) with their fill level. Network file systems are left out:
 * asking a dead one for its size hangs for minutes.
 */
import { statfs } from "node:fs/promises";
import { isUnavailable, readIfThere } from "./source.ts";

export interface Mount {
  readonly device: string;
  readonly path: string;
  readonly type: string;
}

export interface Disk extends Mount {
  /** Bytes. */
  readonly size: number;
  readonly used: number;
}

const LOCAL = new Set(["apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "ntfs3", "overlay", "vfat", "xfs", "zfs"]);
const MOST = 20;

/** Null where the machine shows no mounts. */
export async function readDisks(): Promise<Disk[] | null> {
  const text = await readIfThere("/proc/mounts");
  if (text === null) return null;
  const disks = await Promise.all(parseMounts(text).map(measure));
  return disks.filter((disk) => disk !== null);
}

/** One per device: a device mounted twice is the same disk. */
export function parseMounts(text: string): Mount[] {
  const found = new Map<string, Mount>();
  for (const line of text.split("\n")) {
    const [device, path, type] = line.split(" ").map(unescapeOctal);
    if (device === undefined || path === undefined || type === undefined || !LOCAL.has(type)) continue;
    const key = type === "overlay" ? path : device;
    if (!found.has(key)) found.set(key, { device, path, type });
  }
  return [...found.values()].slice(0, MOST);
}

/** Null where it cannot be asked. */
export async function fillLevel(path: string): Promise<{ size: number; used: number } | null> {
  try {
    const { blocks, bfree, bsize } = await statfs(path);
    return { size: blocks * bsize, used: (blocks - bfree) * bsize };
  } catch (error) {
    if (isUnavailable(error)) return null;
    throw error;
  }
}

// Private

async function measure(mount: Mount): Promise<Disk | null> {
  const level = await fillLevel(mount.path);
  return level === null || level.size === 0 ? null : { ...mount, ...level };
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
