// `npm run test:long -- <name>`: the full form of a seeded fault, load or soak run; its short form is part of `npm test`.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fromSource, projectNode } from "./setup/node.mjs";
import { repository } from "./setup/step.mjs";
import { main, setup } from "./setup.mjs";

const FOLDERS = ["tests/long", "tests/faults"];

await main(async ([name, ...args]) => {
  const runs = longRuns();
  const file = runs.get(name);
  if (file === undefined)
    throw new Error(
      `${name === undefined ? "Say which run." : `There is no long run "${name}".`}\n  npm run test:long -- <name>, where name is one of: ${[...runs.keys()].join(", ") || "(none yet)"}`,
    );
  await setup({ console: false });
  await follow(spawn(projectNode, [fromSource, file, ...args], { cwd: repository, stdio: "inherit" }));
});

function longRuns() {
  const files = FOLDERS.map((folder) => join(repository, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const runs = files.filter((file) => file.endsWith(".long.ts") || (file.includes("/tests/long/") && /(?<!\.test)\.ts$/.test(file)));
  return new Map(
    runs.map((file) => [
      file
        .split("/")
        .at(-1)
        .replace(/(\.long)?\.ts$/, ""),
      file,
    ]),
  );
}

function follow(child) {
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => {
      process.exitCode = code ?? 1;
      done();
    });
  });
}
