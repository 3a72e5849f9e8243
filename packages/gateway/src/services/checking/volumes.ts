/** Named volumes of a service. A path of this machine is refused in every way of writing one. */
import { posix } from "node:path";
import type { ServiceSpec } from "../spec.ts";
import { list, matching, object, text, truth, wrong } from "./fields.ts";
import { refused } from "./refused.ts";

type Volume = ServiceSpec["volumes"][number];

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;
/** `/x`, `./x`, `../x`, `~`, `C:\x`, `C:/x`, `\\host\x`, `a/b`, `$HOME`, and a socket whatever its name. */
const HOST_PATH = /[\\/~$]|^\.+$|docker\.sock/;
/** `c:/data:ro` is a volume called c, `c:/data:/x` is a path. */
const WINDOWS = /^[a-zA-Z]:(?:\\|\/[^:]*:[\\/])/;
const KERNEL = /^\/(?:proc|sys|dev)(?:\/|$)/;

export function readVolumes(value: unknown): Volume[] {
  const volumes = list(value, "volumes", 32).map((one, at) => readVolume(one, `volumes[${at}]`));
  const paths = volumes.map(({ path }) => path);
  const twice = paths.find((path, at) => paths.indexOf(path) !== at);
  if (twice !== undefined) throw wrong("volumes", "each at a path of its own", twice);
  return volumes;
}

// Private

function readVolume(value: unknown, field: string): Volume {
  if (typeof value !== "string") {
    const { name, path, read_only: readOnly = false } = object(value, field, ["name", "path", "read_only"]);
    return { name: volumeName(name, field), path: containerPath(path, field), read_only: truth(readOnly, `${field}.read_only`) };
  }
  if (WINDOWS.test(value)) throw hostPath(field, value);
  const [name, path, mode = "rw", ...more] = value.split(":");
  const known = volumeName(name, field);
  if (path === undefined || more.length > 0 || !["ro", "rw"].includes(mode)) throw wrong(field, "name:/path or name:/path:ro", value);
  return { name: known, path: containerPath(path, field), read_only: mode === "ro" };
}

function volumeName(value: unknown, field: string): string {
  const name = text(value, `${field}.name`, 1024);
  if (HOST_PATH.test(name)) throw hostPath(field, name);
  return matching(name, `${field}.name`, NAME, "letters, digits, and _ . -, at most 64");
}

function containerPath(value: unknown, field: string): string {
  const path = text(value, `${field}.path`, 1024);
  const clean = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  const fits = posix.isAbsolute(clean) && posix.normalize(clean) === clean && clean !== "/" && !KERNEL.test(clean) && !clean.includes(":");
  if (!fits) throw wrong(`${field}.path`, "an absolute path in the container, without .., and not /, /proc, /sys or /dev", path);
  return clean;
}

function hostPath(field: string, path: string): Error {
  return refused(
    `${field} (the path ${path.slice(0, 60)} of this machine)`,
    'Volumes have names: "data:/var/lib/app". Tidegate keeps them apart from those of other services.',
  );
}
