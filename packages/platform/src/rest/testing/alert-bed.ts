/**
 * For tests of alerting: a real Redis, the processors as the control process wires them, REST before them, and behind them a webhook receiver
 * and a mail server that really receive.
 */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { SMTPServer } from "smtp-server";
import type { ConnectOptions, Tide } from "@tidegate/streams";
import { startRedis, type RedisServer } from "@tidegate/streams/testing";
import { Auth } from "../../auth/auth.ts";
import type { AlertDestination, AlertNotification, AlertRule } from "../../contract.ts";
import { Leader } from "../../orchestrator/leader.ts";
import { StreamsConnection } from "../../orchestrator/streams-connection.ts";
import { composeProcessors, type Observation } from "../../processors/compose.ts";
import { PlatformKeys } from "../../redis/keys.ts";
import { controlServer } from "./control-server.ts";

export const SECRET = "a-secret-nobody-may-see";
const NAMESPACE = "alertbed";

export interface Hooked {
  readonly notification: AlertNotification;
  readonly headers: IncomingMessage["headers"];
  /** The signature is right. */
  readonly genuine: boolean;
}

/** Asks again until it is so. */
export async function until(what: string, check: () => boolean | Promise<boolean>, limit = 45_000): Promise<void> {
  const end = performance.now() + limit;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`${what} did not come true in ${limit} ms`);
    await pause(20);
  }
}

export interface SlackPost {
  readonly text: string;
  readonly attachments: readonly { readonly color: string; readonly blocks: readonly object[] }[];
}

/** One control process without its HTTP. */
export class AlertProcess implements AsyncDisposable {
  readonly keys: PlatformKeys;
  readonly streams: StreamsConnection;
  readonly leader: Leader;
  readonly observation: Observation;
  readonly troubles: string[] = [];
  readonly #components;

  constructor(url: string, instance: string) {
    const options: ConnectOptions = { url, namespace: NAMESPACE, service: instance, telemetry: { window: 10 } };
    this.keys = new PlatformKeys(NAMESPACE, "");
    this.streams = new StreamsConnection(options);
    this.leader = new Leader({ streams: this.streams, keys: this.keys, instance });
    const onTrouble = (component: string, message: string): void => void this.troubles.push(`${component}: ${message}`);
    const composed = composeProcessors({ streams: this.streams, keys: this.keys, instance, leader: this.leader, onTrouble });
    this.observation = composed.observation;
    this.#components = [this.streams, this.leader, ...composed.components];
  }

  get tide(): Tide {
    return this.streams.tide;
  }

  async start(): Promise<this> {
    for (const component of this.#components) await component.start(new AbortController().signal);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const component of this.#components.toReversed()) await component.stop(new AbortController().signal);
  }
}

export class AlertBed implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly process: AlertProcess;
  readonly url: string;
  readonly token: string;
  readonly hooked: Hooked[] = [];
  /** What was posted in Slack's form. */
  readonly chat: SlackPost[] = [];
  /** Whole mails, as they came. */
  readonly mails: string[] = [];
  /** What the webhook answers; 200 by default. */
  answer: (notification: AlertNotification) => number = () => 200;
  readonly #stack: AsyncDisposableStack;
  #hookUrl = "";
  #smtpUrl = "";

  private constructor(redis: RedisServer, process: AlertProcess, url: string, token: string, stack: AsyncDisposableStack) {
    this.redis = redis;
    this.process = process;
    this.url = url;
    this.token = token;
    this.#stack = stack;
  }

  static async open(): Promise<AlertBed> {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "tidegate-alerts-"));
    stack.defer(() => rm(folder, { recursive: true }));
    const redis = stack.use(await startRedis());
    const process = stack.use(await new AlertProcess(redis.url, "first").start());
    const auth = await Auth.open(folder);
    const server = controlServer({ tide: process.tide, auth, observation: process.observation });
    stack.defer(() => server.stop());
    const { url } = await server.start();
    const bed = new AlertBed(redis, process, url, auth.firstToken ?? "", stack.move());
    await bed.#listen();
    return bed;
  }

  get tide(): Tide {
    return this.process.tide;
  }

  get hook(): AlertDestination {
    return { id: "hook", kind: "webhook", enabled: true, min_severity: "low", url: this.#hookUrl, secret: SECRET, allow_private: true };
  }

  get mail(): AlertDestination {
    const smtp = this.#smtpUrl;
    return {
      id: "mail",
      kind: "email",
      enabled: true,
      min_severity: "low",
      to: ["ops@example.org"],
      from: "tidegate@example.org",
      smtp,
      allow_private: true,
    };
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the test expects
  async ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (answer.status === 204 ? null : await answer.json()) as T };
  }

  /** Changes a rule through the API, as a person would. */
  async change(id: string, change: (rule: AlertRule) => Partial<AlertRule>): Promise<AlertRule> {
    const { body: rule } = await this.ask<AlertRule>("GET", `/alerts/rules/${id}`);
    const { builtin: _, version: __, updated_at: ___, ...rest } = rule;
    const { status, body } = await this.ask<AlertRule>("PUT", `/alerts/rules/${id}`, { ...rest, ...change(rule) });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  // Private

  async #listen(): Promise<void> {
    const server = createServer((request, response) => void this.#hear(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#stack.defer(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    this.#hookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/${SECRET}`;
    await this.#listenForMail();
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const posted = JSON.parse(body) as AlertNotification | SlackPost;
    if ("attachments" in posted) {
      this.chat.push(posted);
      return void response.writeHead(200).end("ok");
    }
    const notification = posted;
    this.hooked.push({ notification, headers: request.headers, genuine: genuine(request.headers, body) });
    response.writeHead(this.answer(notification)).end();
  }

  async #listenForMail(): Promise<void> {
    const server = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        done(username === "ops" && password === SECRET ? null : new Error("wrong credentials"), { user: username ?? "" }),
      onData: (stream, _session, done) => {
        const parts: Buffer[] = [];
        stream.on("data", (part: Buffer) => void parts.push(part));
        stream.on("end", () => {
          this.mails.push(Buffer.concat(parts).toString());
          done();
        });
      },
    });
    server.on("error", () => {});
    const listening = server.listen(0, "127.0.0.1");
    await once(listening, "listening");
    this.#stack.defer(() => new Promise((resolve) => server.close(() => resolve())));
    this.#smtpUrl = `smtp://ops:${SECRET}@127.0.0.1:${(listening.address() as AddressInfo).port}`;
  }
}

// Private

function genuine(headers: IncomingMessage["headers"], body: string): boolean {
  const [, seconds, given] = /^t=(\d+),v1=([\da-f]{64})$/.exec(String(headers["x-tidegate-signature"])) ?? [];
  return given === createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex");
}
