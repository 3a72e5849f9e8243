/** Finds a Redis server program and a free port for it. */
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { PlatformError } from "../errors.ts";

const PROGRAMS = ["redis-server", "valkey-server"];

/** `searchPath` is the PATH variable; the sbin folders are looked at too because a user's PATH often lacks them. */
export function findRedisProgram(searchPath: string, platform: string = process.platform): string {
  const folders = [...searchPath.split(delimiter), "/usr/local/bin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin"].filter(
    (folder) => folder !== "",
  );
  for (const program of PROGRAMS) {
    const found = folders.map((folder) => join(folder, program)).find(isProgram);
    if (found !== undefined) return found;
  }
  const install = platform === "darwin" ? "brew install redis" : "sudo apt-get install -y redis-server";
  throw new PlatformError("NO_REDIS_SERVER", "No Redis server is installed: neither redis-server nor valkey-server was found on PATH.", {
    hint: `Install one: ${install}   or point REDIS_STREAMS_URL at a Redis you have.`,
  });
}

/** The wanted port if it is free; else a free one, or an error where exactly this one was asked for. */
export async function choosePort(wanted: number, exactly: boolean): Promise<number> {
  const port = await bindable(wanted);
  if (port !== null) return port;
  if (exactly) {
    throw new PlatformError("PORT_IN_USE", `Port ${wanted} on 127.0.0.1, meant for the embedded Redis, is used by another program.`, {
      hint: "Choose another with --redis-port <number>, or --redis-port 0 for a free one.",
    });
  }
  return (await bindable(0)) ?? 0;
}

// Private

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function bindable(port: number): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const server = createServer();
  server.once("error", () => resolve(null));
  server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
    const address = server.address();
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : null));
  });
  return promise;
}
