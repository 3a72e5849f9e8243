/** A nats-server of the run's own with JetStream on a file store, in a temporary folder, on loopback. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface NatsServer extends AsyncDisposable {
  readonly url: string;
}

/** The server chooses its port. Default sync interval (two minutes), as its users have it. */
export async function startNats(): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), "tidegate-nats-"));
  const args = ["-a", "127.0.0.1", "-p", "-1", "-js", "-sd", join(folder, "store")];
  const server = spawn("nats-server", args, { stdio: ["ignore", "ignore", "pipe"] });
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill("SIGTERM");
      await once(server, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await addressOf(server), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function natsVersion(): string {
  return / v(\S+)/.exec(execFileSync("nats-server", ["--version"], { encoding: "utf8" }))?.[1] ?? "unknown";
}

// Private

/** The server says where it listens once it does. */
function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    server.stderr?.on("data", (text: Buffer) => {
      said += text.toString();
      const address = /Listening for client connections on (\S+)/.exec(said)?.[1];
      if (address !== undefined && said.includes("Server is ready")) resolve(`nats://${address}`);
    });
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`nats-server ended with ${code}:\n${said}`)));
  });
}
