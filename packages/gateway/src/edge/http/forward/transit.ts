/**
 * One request on its way through an upstream: attempts, the answer's direction, timeouts, the record. One object per request, no closures, no
 * streams. States: `waiting` for a connection → connection there → head begun (`conversation.begun`) → over. Back to waiting only for a retry.
 * Invariant: `plan.over` is called once, and an answer that was not whole is never ended as if it were.
 */
import type { Socket } from "node:net";
import { CHUNKED } from "../exchange.ts";
import { requestHead } from "../headers/request.ts";
import { isTooLarge } from "../limits/body.ts";
import type { Plan } from "../plan.ts";
import type { Reason } from "../reasons.ts";
import type { ResponseSink, UpstreamConnection } from "../upstream/connection.ts";
import type { Endpoint } from "../upstream/endpoint.ts";
import type { Taker } from "../upstream/pool.ts";
import { UpstreamError } from "../upstream/upstream-error.ts";
import { type Fields, HOP_BY_HOP } from "../wire/fields.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import { Answer, type AnswerOwner } from "./answer.ts";
import { Attempts } from "./attempts.ts";
import { longestSilence } from "./silence.ts";
import { type UpgradedLine, upgradedLine } from "./upgraded-line.ts";
import { Upload, type UploadOwner } from "./upload.ts";

export interface TransitOwner {
  /** An answer of the edge itself; nothing was begun. It sets the record's status and reason. */
  refuse(plan: Plan, status: number, reason: Reason): void;
  /** The upstream switched protocols. */
  onUpgrade(plan: Plan, line: UpgradedLine): void;
  onOver(transit: Transit): void;
}

export class Transit implements ResponseSink, Taker, UploadOwner, AnswerOwner {
  readonly method: string;
  readonly upgrade: string | null;
  waiting = false;
  connection: UpstreamConnection | null = null;
  readonly #plan: Plan;
  readonly #owner: TransitOwner;
  readonly #upload: Upload;
  readonly #answer: Answer;
  readonly #attempts: Attempts;
  #endpoint: Endpoint | null = null;
  #received = false;
  #over = false;
  /** Of a 101. */
  #head: ResponseHead | null = null;
  #pause: NodeJS.Timeout | null = null;
  /** Something moved since the last sweep, and when that was seen. */
  #moved = true;
  #movedAt = 0;

  constructor(plan: Plan, owner: TransitOwner) {
    const { request } = plan.conversation;
    this.#plan = plan;
    this.#owner = owner;
    this.method = request.method;
    this.upgrade = request.upgrade;
    this.#upload = new Upload(this);
    this.#answer = new Answer(plan, this);
    this.#attempts = new Attempts(plan);
  }

  begin(): void {
    // Without a body there is nothing to wait for, and a client that leaves is heard of at once.
    if (this.#plan.conversation.request.length === 0) this.#receive();
    if (!this.#over) this.#attempt();
  }

  /** Every quarter of a second or so. */
  sweep(now: number): void {
    if (this.#moved) {
      this.#moved = false;
      this.#movedAt = now;
      return;
    }
    const { timeouts } = this.#plan;
    const quiet = now - this.#movedAt;
    if (this.waiting) {
      if (quiet > timeouts.connect)
        this.onNoConnection(new UpstreamError("busy", `no connection became free within ${timeouts.connect} ms`));
    } else if (this.connection !== null) {
      const longest = longestSilence(timeouts, this.#upload, this.#answer);
      if (quiet > longest) this.#silent(`the upstream was silent for ${longest} ms ${this.#answer.begun ? "in" : "before"} its answer`);
    }
  }

  // Of the pool

  onConnection(connection: UpstreamConnection): void {
    const { record, conversation } = this.#plan;
    const endpoint = this.#endpoint;
    if (endpoint === null) return connection.destroy();
    this.waiting = false;
    this.#moved = true;
    this.connection = connection;
    record.connectedAt = performance.now();
    connection.start(this);
    try {
      connection.outlet.head(requestHead(this.#plan, endpoint), conversation.request.length === CHUNKED);
    } catch (error) {
      return this.#refuse(500, "internal", String(error)); // Called by the event loop, where it would end the worker.
    }
    this.#upload.begin(connection);
    if (!this.#received) this.#receive();
    if (this.connection !== connection) return; // It was over within.
    if (this.#upload.onReadDone()) conversation.resume();
  }

  onNoConnection(error: UpstreamError): void {
    this.waiting = false;
    if (error.fault !== "busy" && error.fault !== "drained") this.#endpoint?.health.failed(performance.now(), error.message);
    this.#failed(error);
  }

  // Of the connection: the answer

  onHead(head: ResponseHead): void {
    this.#moved = true;
    if (head.status === 101) this.#head = head;
    else if (head.status < 200) this.#plan.conversation.interim(head.status, head.reason, head.fields.without(HOP_BY_HOP));
    else if (this.#endpoint !== null) {
      this.#endpoint.health.succeeded();
      this.#answer.begin(this.#endpoint, head);
    }
  }

  onData(chunk: Buffer): void {
    this.#moved = true;
    this.#answer.data(chunk);
  }

  onEnd(trailers: Fields | null): void {
    this.connection = null;
    this.#answer.end(trailers);
  }

  onReadDone(): boolean {
    return this.#over || this.#answer.flush();
  }

  onDrain(): void {
    this.#moved = true;
    this.#upload.blocked = false;
    this.#plan.conversation.resume();
  }

  onError(error: UpstreamError, stale: boolean): void {
    this.connection = null;
    if (stale && error.fault === "closed" && this.#attempts.refresh(this.#upload.sent)) {
      this.#leave();
      return this.#attempt();
    }
    if (!stale && error.fault !== "drained") this.#endpoint?.health.failed(performance.now(), error.message);
    this.#failed(error);
  }

  onUpgrade(socket: Socket, rest: Buffer): void {
    const [endpoint, head] = [this.#endpoint, this.#head];
    this.connection = null;
    if (endpoint === null || head === null) return void socket.destroy();
    this.#over = true;
    this.#owner.onOver(this);
    this.#owner.onUpgrade(
      this.#plan,
      upgradedLine(endpoint, { head, socket, rest }, () => this.#finish()),
    );
  }

  // Of the answer

  onAnswerRoom(): void {
    this.connection?.resume();
  }

  onAnswered(): void {
    if (!this.#over) this.#complete();
  }

  // Of the client

  onUploaded(bytes: number): boolean {
    const { record } = this.#plan;
    if (this.#over) return false;
    this.#moved = true;
    record.bytesIn += bytes;
    if (!isTooLarge(this.#plan, record.bytesIn)) return true;
    this.#refuse(413, "body_too_large", `the body is longer than allowed: ${record.bytesIn} bytes and more`);
    return false;
  }

  onUploadEnd(): void {
    this.#moved = true;
    this.#plan.record.sentAt = performance.now();
  }

  onClientRoom(): void {
    this.#moved = true;
    this.#answer.onClientRoom();
  }

  onClientGone(error: Error): void {
    if (this.#over) return;
    const { record } = this.#plan;
    record.status = 499;
    record.reason = "client_gone";
    record.error = error.message;
    this.#complete(false);
  }

  // Private

  #receive(): void {
    this.#received = true;
    this.#plan.conversation.receive(this.#upload);
  }

  #attempt(): void {
    const { group, timeouts } = this.#plan;
    const endpoint = this.#attempts.next();
    if (endpoint === null) return this.#refuse(503, "no_upstream", `${group.spec.name} has no endpoint`);
    this.#endpoint = endpoint;
    endpoint.enter();
    this.waiting = true;
    this.#moved = true;
    if (this.upgrade !== null) return endpoint.pool.takeLine(this, timeouts.connect);
    const idle = endpoint.pool.take(this, timeouts.connect, this.#attempts.fresh);
    if (idle !== null) this.onConnection(idle);
  }

  /** Of an attempt. */
  #failed(error: UpstreamError): void {
    const id = this.#endpoint?.spec.id ?? "";
    this.#leave();
    if (this.#over) return;
    const pause = this.#answer.begun ? null : this.#attempts.after(error, id, this.#upload.sent);
    if (pause === null) this.#refuse(error.status, error.reason, error.message);
    else if (pause === 0) this.#attempt();
    else this.#pause = setTimeout(() => this.#again(), pause);
  }

  #again(): void {
    this.#pause = null;
    if (!this.#over) this.#attempt();
  }

  #silent(why: string): void {
    const error = new UpstreamError("silent", why);
    this.connection?.destroy();
    this.connection = null;
    this.#endpoint?.health.failed(performance.now(), why);
    this.#failed(error);
  }

  /** Answered, or cut where an answer has begun. */
  #refuse(status: number, reason: Reason, error: string): void {
    const { record, conversation } = this.#plan;
    record.error = error;
    this.#stop();
    if (conversation.begun) {
      record.reason = reason;
      conversation.cut();
    } else this.#owner.refuse(this.#plan, status, reason);
    this.#finish();
  }

  #complete(whole = true): void {
    this.#stop();
    if (whole) this.#plan.conversation.finish();
    this.#finish();
  }

  /** Nothing more is to come from anywhere. */
  #stop(): void {
    this.#over = true;
    this.waiting = false;
    this.connection?.destroy();
    this.connection = null;
    this.#answer.stop();
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#owner.onOver(this);
  }

  #finish(): void {
    const { record, over } = this.#plan;
    this.#leave();
    if (record.endedAt === 0) record.endedAt = performance.now();
    over();
  }

  #leave(): void {
    const endpoint = this.#endpoint;
    this.#endpoint = null;
    endpoint?.leave();
  }
}
