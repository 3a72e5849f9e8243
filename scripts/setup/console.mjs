// The web console, built when it is missing or older than anything it is made from.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectNode } from "./node.mjs";
import { repository, run, step } from "./step.mjs";

const folder = join(repository, "packages", "console");

export async function buildConsole() {
  const built = join(folder, "dist", "index.html");
  if (existsSync(built) && statSync(built).mtimeMs >= newest(sources())) return;
  const vite = join(repository, "node_modules", "vite", "bin", "vite.js");
  await step("web console", () => run(projectNode, [vite, "build", "--logLevel", "error"], { cwd: folder }));
}

// Private

function sources() {
  const names = ["src", "public", "index.html", "package.json", "vite.config.ts"].map((name) => join(folder, name));
  const platform = join(repository, "packages", "platform", "src");
  const contracts = readdirSync(platform).filter((name) => name.endsWith("contract.ts"));
  return [...names, ...contracts.map((name) => join(platform, name))].filter((path) => existsSync(path));
}

function newest(paths) {
  return Math.max(
    0,
    ...paths.map((path) =>
      statSync(path).isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : statSync(path).mtimeMs,
    ),
  );
}
