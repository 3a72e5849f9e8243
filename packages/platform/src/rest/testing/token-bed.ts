/** For tests of tokens: control processes that share a Redis, each with the gateway, the tokens and REST, and a clock that can be put on. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeGateway, type Gateway } from "@tidegate/gateway";
import { NO_CA } from "@tidegate/gateway/testing";
import { connect, type Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { apiTokens, type ApiTokens } from "../../auth/api-tokens.ts";
import { Auth } from "../../auth/auth.ts";
import type { NewTokenAnswer } from "../../contract.ts";
import { controlServer } from "./control-server.ts";

export const NAMESPACE = "tokenbed";
export const ADMIN_TOKEN = "the-admin-token-of-this-test";

export interface Instance {
  readonly url: string;
  readonly tide: Tide;
  readonly auth: Auth;
  readonly gateway: Gateway;
  readonly tokens: ApiTokens;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly text: string;
  readonly headers: Headers;
}

export class TokenBed implements AsyncDisposable {
  readonly redis: RedisServer;
  /** Milliseconds the clock of tokens is ahead. */
  ahead = 0;
  readonly #stack: AsyncDisposableStack;

  private constructor(redis: RedisServer, stack: AsyncDisposableStack) {
    this.redis = redis;
    this.#stack = stack;
  }

  static async open(): Promise<TokenBed> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    return new TokenBed(redis, stack.move());
  }

  async instance(name: string): Promise<Instance> {
    const folder = await mkdtemp(join(tmpdir(), "tidegate-tokens-"));
    this.#stack.defer(() => rm(folder, { recursive: true }));
    const tide = this.#stack.use(await connect({ url: this.redis.url, namespace: NAMESPACE, service: name }));
    const auth = await Auth.open(folder, ADMIN_TOKEN);
    const own = { namespace: NAMESPACE, prefix: "", instance: name, dataFolder: folder, contexts: folder };
    const settings = { ...own, encryptionKey: null, dockerHost: `unix://${join(folder, "none.sock")}`, restrictedPorts: [] };
    // The thread of services is not started here.
    const gateway = composeGateway({ settings, acme: NO_CA, connection: {}, tide: () => tide, leads: () => false, onTrouble: () => {} });
    const tokens = apiTokens({ gateway, auth, onTrouble: () => {}, now: () => Date.now() + this.ahead });
    await this.#run(gateway.parts[0]?.part);
    await this.#run(tokens.directory);
    const server = controlServer({ tide, auth, gateway, tokens });
    this.#stack.defer(() => server.stop());
    const { url } = await server.start();
    return { url, tide, auth, gateway, tokens };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #run(part: { start(signal: AbortSignal): Promise<void>; stop(signal: AbortSignal): Promise<void> } | undefined): Promise<void> {
    await part?.start(new AbortController().signal);
    this.#stack.defer(async () => await part?.stop(new AbortController().signal));
  }
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the test expects
export async function ask<T>({ url }: { url: string }, secret: string, method: string, path: string, body?: unknown): Promise<Answer<T>> {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const answer = await fetch(`${url}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, ...json },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get("content-type") ?? "");
  return { status: answer.status, body: (isJson ? JSON.parse(text) : null) as T, text, headers: answer.headers };
}

/** The secret of a new one. */
export async function newToken(at: { url: string }, name: string, scopes: readonly string[], by: string = ADMIN_TOKEN): Promise<string> {
  const { status, body, text } = await ask<NewTokenAnswer>(at, by, "POST", "/v1/tokens", { name, scopes });
  if (status !== 201) throw new Error(text);
  return body.token;
}
