/** Everybody in front of whom the edge benchmark puts the same load: one core each, in front of one upstream. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { CADDY } from "../../tests/edge/proxies/caddy.ts";
import { HAPROXY } from "../../tests/edge/proxies/haproxy.ts";
import { NGINX } from "../../tests/edge/proxies/nginx.ts";
import { startProxy, type ProxyOptions } from "../../tests/edge/proxies/proxy.ts";

export interface Measured extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  /** 0: none. */
  readonly securePort: number;
  readonly pids: readonly number[];
}

const PACKAGES = { fastify: "@fastify/http-proxy", "http-proxy-3": "http-proxy-3" } as const;

export async function startPeers(stack: AsyncDisposableStack, options: ProxyOptions): Promise<Measured[]> {
  const peers: Measured[] = [];
  for (const program of [CADDY, NGINX, HAPROXY]) {
    const proxy = stack.use(await startProxy(program, options));
    const { name, version, port, securePort, pid } = proxy;
    peers.push({ name, version, port, securePort, pids: [pid], [Symbol.asyncDispose]: async () => {} });
  }
  for (const name of ["fastify", "http-proxy-3"] as const) peers.push(stack.use(await startPackage(name, options)));
  return peers;
}

// Private

async function startPackage(name: keyof typeof PACKAGES, { upstream }: ProxyOptions): Promise<Measured> {
  const child = fork(new URL("./edge-server.ts", import.meta.url), [name, String(upstream)], { execArgv: [] });
  const [port] = (await once(child, "message", { signal: AbortSignal.timeout(20_000) })) as [number];
  const end = async (): Promise<void> => {
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  return { name: PACKAGES[name], version: versionOf(name), port, securePort: 0, pids: [child.pid!], [Symbol.asyncDispose]: end };
}

function versionOf(name: keyof typeof PACKAGES): string {
  const manifest = new URL(`../node_modules/${PACKAGES[name]}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
