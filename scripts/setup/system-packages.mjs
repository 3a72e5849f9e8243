// Programs that npm cannot bring. Debian and Ubuntu: apt-get as root or with a sudo that asks nothing; macOS: brew; otherwise
// the one command is printed. Invariant: nothing installed here starts as a system service, now or at the next boot.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { environment, run } from "./step.mjs";

/** Full path of the first of these programs on PATH, or undefined. */
export function findProgram(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

export function hasDebianPackages() {
  return process.platform === "linux" && existsSync("/etc/debian_version") && findProgram("apt-get") !== undefined;
}

/** Words in front of a command that needs root: none, sudo, or null where neither works without asking. */
export function asRoot() {
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram("sudo");
  return sudo !== undefined && spawnSync(sudo, ["-n", "true"], { stdio: "ignore" }).status === 0 ? [sudo, "-n"] : null;
}

/** `services` are unit names (`docker.socket`, or `redis-server` for a service) that the packages would start; they are masked unless the machine has them already. */
export async function aptInstall(packages, { services = [], release } = {}) {
  const target = release === undefined ? [] : ["-t", release];
  const words = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...target, ...packages];
  const script = withoutServices(words.join(" "), services, hasLists() && release === undefined);
  const [command, ...args] = [...asRoot(), "sh", "-c", script];
  await run(command, args, { env: { ...environment(), DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" } });
}

export async function rootShell(script) {
  const [command, ...args] = [...asRoot(), "sh", "-c", script];
  return run(command, args);
}

export async function brewInstall(packages) {
  await run("brew", ["install", "--quiet", ...packages]);
}

export function osRelease() {
  const lines = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8").split("\n") : [];
  return Object.fromEntries(
    lines
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).replaceAll('"', "")]),
  );
}

// Private

function hasLists() {
  return spawnSync("sh", ["-c", "ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1"]).status === 0;
}

/**
 * policy-rc.d keeps the packages' scripts from starting anything; an earlier file is put back afterwards.
 * A masked unit (and a disabled init script) stays stopped at the next boot too. The update comes first only if the machine has no package lists.
 */
function withoutServices(install, services, tryFirst) {
  return `
policy=/usr/sbin/policy-rc.d
restore() { rm -f $policy; if [ -e $policy.tidegate ]; then mv $policy.tidegate $policy; fi; }
if [ -e $policy ] && [ ! -e $policy.tidegate ]; then mv $policy $policy.tidegate; fi
trap restore EXIT; trap 'exit 130' INT TERM HUP
printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy || exit 1
fresh=
${services.map(mask).join("\n")}
${tryFirst ? `${install} ||` : ""} { apt-get update -q && ${install}; } || exit 1
for service in $fresh; do if command -v update-rc.d >/dev/null && [ -e /etc/init.d/$service ]; then update-rc.d $service disable; fi; done
`;
}

function mask(service) {
  const unit = `/etc/systemd/system/${service.includes(".") ? service : `${service}.service`}`;
  return `if [ ! -e /etc/init.d/${service} ] && [ ! -e ${unit} ]; then mkdir -p /etc/systemd/system && ln -s /dev/null ${unit} && fresh="$fresh ${service}"; fi`;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
