// What the test suites need beside the product's own Redis: a second server, a browser, a Python service's view of the wire.
// Smallest downloads first. Each tool names the suites that cannot run without it: a whole tier, or some tests of one, which then say so.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { step } from "./step.mjs";
import { aptInstall, asRoot, brewInstall, findProgram, hasDebianPackages, osRelease, rootShell } from "./system-packages.mjs";

const python = "/usr/bin/python3";
/** The suite of what is compared with other proxies. */
export const PROXIES = "edge: other proxies";

const TOOLS = [
  {
    name: "redis-server",
    suites: ["redis", "system", "browser"],
    present: () => found("redis-server"),
    install: () => aptInstall(["redis-server"], { services: ["redis-server"] }),
    brew: ["redis"],
  },
  { name: "valkey-server", suites: ["valkey"], present: () => found("valkey-server"), install: installValkey, brew: ["valkey"] },
  // Beside which the edge is measured and compared; and clients of it.
  ...[
    ["nginx", "nginx-light", ["nginx"]],
    ["haproxy", "haproxy", ["haproxy"]],
    ["caddy", "caddy", ["caddy", "caddy-api"]],
    ["h2load", "nghttp2-client", [], "nghttp2"],
    ["curl", "curl", []],
  ].map(([program, debian, services, brew = program]) => ({
    name: program,
    suites: [PROXIES],
    present: () => found(program),
    install: () => aptInstall([debian], { services }),
    brew: [brew],
  })),
  { name: "openssl", suites: ["tls"], present: () => found("openssl"), install: () => aptInstall(["openssl"]), brew: ["openssl"] },
  // A certificate authority that validates for real, with the DNS it asks; and a name server that takes dynamic updates.
  {
    name: "pebble",
    suites: ["certificates"],
    present: () => found("pebble") && found("pebble-challtestsrv"),
    install: () => aptInstall(["pebble"]),
    brew: [],
  },
  {
    name: "named",
    suites: ["certificates: RFC 2136"],
    // Not on everybody's PATH.
    present: () => found("named") || existsSync("/usr/sbin/named"),
    install: () => aptInstall(["bind9"], { services: ["named"] }),
    brew: ["bind"],
  },
  // The fault runs cut networks between namespaces and watch what Redis has synced to disk.
  { name: "ip (iproute2)", suites: ["faults: networks"], present: () => found("ip"), install: () => aptInstall(["iproute2"]), brew: [] },
  { name: "strace", suites: ["faults: power loss"], present: () => found("strace"), install: () => aptInstall(["strace"]), brew: [] },
  {
    name: "python3 with redis-py",
    suites: ["python"],
    present: hasPython,
    install: () => aptInstall(["python3", "python3-redis"]),
    brew: ["python3"],
  },
  {
    name: "dockerd and busybox",
    suites: ["docker"],
    present: () => found("dockerd") && found("busybox"),
    install: () => aptInstall(["docker.io", "busybox-static"], { services: ["docker", "docker.socket", "containerd"] }),
    brew: [],
    unusable: () => (process.platform === "linux" && process.getuid() === 0 ? null : "only root on Linux can start a Docker Engine"),
  },
  { name: "chromium", suites: ["browser"], present: hasBrowser, install: () => aptInstall(["chromium"]), brew: [] },
];

/** Installs what it can; answers the tools that are missing afterwards, with the reason. */
export async function installTools(tools) {
  const missing = [];
  for (const tool of tools) {
    const reason = await attempt(tool);
    if (reason !== null) missing.push({ tool, reason });
  }
  return missing;
}

export function absentTools() {
  return TOOLS.filter((tool) => !tool.present() && reasonAgainst(tool) === null);
}

/** Those that would not help on this machine or for this user, with the reason. */
export function unusableTools() {
  return TOOLS.map((tool) => ({ tool, reason: reasonAgainst(tool) })).filter(({ reason }) => reason !== null);
}

// Private

function reasonAgainst(tool) {
  return tool.unusable?.() ?? null;
}

async function attempt(tool) {
  try {
    if (hasDebianPackages() && asRoot() !== null) await step(tool.name, tool.install);
    else if (process.platform === "darwin" && findProgram("brew") !== undefined && tool.brew.length > 0)
      await step(tool.name, () => brewInstall(tool.brew));
    else return "it cannot be installed from here without a password; install it with your package manager";
    return tool.present() ? null : "its package was installed, but the program is not on PATH";
  } catch (error) {
    return error.message;
  }
}

function found(...names) {
  return findProgram(...names) !== undefined;
}

function hasBrowser() {
  return found("chromium", "chromium-browser", "google-chrome") || existsSync("/Applications/Google Chrome.app");
}

function hasPython() {
  const program = existsSync(python) ? python : findProgram("python3");
  if (program === undefined) return false;
  if (existsSync("/usr/lib/python3/dist-packages/redis")) return true;
  return spawnSync(program, ["-c", "import redis"], { stdio: "ignore" }).status === 0;
}

/** Debian 12 has Valkey in its backports only; newer releases and Ubuntu have it themselves. */
async function installValkey() {
  const { ID, VERSION_CODENAME } = osRelease();
  const services = ["valkey-server"];
  if (ID !== "debian" || VERSION_CODENAME !== "bookworm") return aptInstall(["valkey-server"], { services });
  await addBackports(VERSION_CODENAME);
  await aptInstall(["valkey-server"], { services, release: `${VERSION_CODENAME}-backports` });
}

/** A list file of our own, from the address the machine takes Debian from already. Backports are used only when asked for by name. */
async function addBackports(codename) {
  const file = "/etc/apt/sources.list.d/tidegate-backports.list";
  const lists = aptSources();
  if (lists.includes(`${codename}-backports`)) return;
  const line = `deb ${signedBy()}${debianAddress(lists)} ${codename}-backports main`;
  await rootShell(`mkdir -p /etc/apt/sources.list.d && printf '%s\\n' '${line}' > ${file}`);
}

function aptSources() {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list", ...(existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [])];
  const read = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, "utf8"));
  return read
    .join("\n")
    .split("\n")
    .filter((line) => !line.trim().startsWith("#"))
    .join("\n");
}

function debianAddress(lists) {
  const match = /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+\/debian)\/?(?:\s|$)/m.exec(lists);
  if (match === null) throw new Error("No Debian source was found in /etc/apt; install valkey-server 8 by hand, then run npm test again.");
  return match[1];
}

function signedBy() {
  const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
  return existsSync(keys) ? `[signed-by=${keys}] ` : "";
}
