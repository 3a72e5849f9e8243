/** Images for tests, from the machine's static busybox and a few files; and the usual characters of a service. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pack } from "tar-fs";
import type { EngineApi } from "./engine-api.ts";

export interface ImageFiles {
  /** Path in the image → text; what begins with `#!` can be run. */
  readonly files?: Readonly<Record<string, string>>;
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly expose?: readonly number[];
  readonly user?: string;
  /** Instructions of a Dockerfile, as `HEALTHCHECK …`. */
  readonly changes?: readonly string[];
}

/** Answers `version` at every GET /, from port 8080. */
export function webServer(version: string): ImageFiles {
  return { files: { "www/index.html": version }, cmd: ["/bin/httpd", "-f", "-p", "8080", "-h", "/www"], expose: [8080] };
}

/** Writes a line to its error output and ends. */
export function exitsAtOnce(message: string, code: number): ImageFiles {
  return { cmd: ["/bin/sh", "-c", `echo '${message}' >&2; exit ${code}`], expose: [8080] };
}

/** Listens on 8080 and answers 404; its own HEALTHCHECK fails too. */
export function neverHealthy(): ImageFiles {
  const health = `HEALTHCHECK --interval=1s --timeout=1s --retries=1 CMD ["/bin/false"]`;
  return { files: { "www/empty": "" }, cmd: ["/bin/httpd", "-f", "-p", "8080", "-h", "/www"], expose: [8080], changes: [health] };
}

/** A web server that takes its time. */
export function listensAfter(seconds: number, version: string): ImageFiles {
  const cmd = ["/bin/sh", "-c", `echo warming up; sleep ${seconds}; exec httpd -f -p 8080 -h /www`];
  return { files: { "www/index.html": version }, cmd, expose: [8080] };
}

/** Says its version to every TCP connection on 7000, then repeats what it hears. */
export function echoServer(version: string): ImageFiles {
  const files = { "bin/echo-it": `#!/bin/sh\necho ${version}\nexec cat\n` };
  return { files, cmd: ["/bin/nc", "-ll", "-p", "7000", "-e", "/bin/echo-it"], expose: [7000] };
}

/** The same as `docker import`. */
export async function packImage(api: EngineApi, name: string, image: ImageFiles): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-image-"));
  try {
    fill(folder, image.files ?? {});
    const [repo = name, tag = "latest"] = name.split(":");
    const query = new URLSearchParams([
      ["fromSrc", "-"],
      ["repo", repo],
      ["tag", tag],
      ...changes(image).map((line): [string, string] => ["changes", line]),
    ]);
    await api.call("POST", `/images/create?${query.toString()}`, pack(folder, { map: asRoot }));
    return (await api.call<{ readonly Id: string }>("GET", `/images/${repo}:${tag}/json`)).Id;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A root file system of busybox: also as the context of a Dockerfile that begins `FROM scratch`. */
export function fill(folder: string, files: Readonly<Record<string, string>>): void {
  for (const name of ["bin", "tmp", "etc", "data", "proc", "sys", "dev"]) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(join(folder, "tmp"), 0o1777);
  const busybox = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path));
  if (busybox === undefined) throw new Error("busybox is not here; install it with: npm run setup:test");
  copyFileSync(busybox, join(folder, "bin", "busybox"));
  chmodSync(join(folder, "bin", "busybox"), 0o755);
  for (const name of APPLETS) symlinkSync("busybox", join(folder, "bin", name));
  writeFileSync(join(folder, "etc", "passwd"), "root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n");
  writeFileSync(join(folder, "etc", "group"), "root:x:0:\napp:x:1000:\n");
  for (const [path, text] of Object.entries(files)) place(join(folder, path), text);
}

// Private

const APPLETS = [
  "sh",
  "httpd",
  "nc",
  "sleep",
  "echo",
  "cat",
  "true",
  "false",
  "id",
  "env",
  "date",
  "dd",
  "touch",
  "ls",
  "seq",
  "yes",
  "wget",
];

function place(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  if (text.startsWith("#!")) chmodSync(path, 0o755);
}

function asRoot<T extends { uid?: number; gid?: number }>(header: T): T {
  return Object.assign(header, { uid: 0, gid: 0 });
}

function changes(image: ImageFiles): string[] {
  return [
    "ENV PATH=/bin",
    ...Object.entries(image.env ?? {}).map(([name, value]) => `ENV ${name}=${JSON.stringify(value)}`),
    ...(image.expose ?? []).map((port) => `EXPOSE ${port}`),
    ...(image.user === undefined ? [] : [`USER ${image.user}`]),
    ...(image.cmd === undefined ? [] : [`CMD ${JSON.stringify(image.cmd)}`]),
    ...(image.changes ?? []),
  ];
}
