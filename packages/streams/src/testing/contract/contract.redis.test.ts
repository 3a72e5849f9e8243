/** The contract on a real server, in real time. `TIDEGATE_TEST_SERVER=valkey-server` runs it on Valkey. */
import { after } from "node:test";
import { createClient } from "@redis/client";
import { connect } from "../../open.ts";
import type { Reply } from "../../store.ts";
import type { ConnectOptions, Tide } from "../../tide.ts";
import { CuttingProxy } from "../cutting-proxy.ts";
import { startRedis } from "../redis-server.ts";
import { CONTRACT } from "./all.ts";
import { holds, type World } from "./world.ts";

const server = await startRedis();
const client = await createClient({ url: server.url, RESP: 2 }).connect();
after(async () => {
  client.destroy();
  await server.stop();
});

let worlds = 0;

holds(CONTRACT, async () => {
  const namespace = `contract${++worlds}`;
  const scope = new AsyncDisposableStack();
  const open = async (url: string, options: ConnectOptions = {}): Promise<Tide> =>
    scope.use(await connect({ url, namespace, service: "contract", ...options }));
  const world: World = {
    namespace,
    connect: (options) => open(server.url, options),
    async connectLossy(options) {
      const proxy = scope.use(await CuttingProxy.start(server.port));
      return { tide: await open(proxy.url, options), loseNextAnswer: (how) => proxy.cutNextReply(how), accept: () => proxy.accept() };
    },
    call: (...args) => client.sendCommand<Reply>(args),
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
  return world;
});
