/**
 * One request's way from its head to its upstream, in the order it is asked: certificate challenge, path, host, port, target's state, limits, access,
 * redirect, pause, upstream. Each step either goes on or answers; only a challenge, access and a pause may take time.
 */
import type { Found, RouteTable } from "../../routes/table.ts";
import { normalisePath } from "../../routes/path.ts";
import type { Decision } from "./access/decision.ts";
import { accessOf } from "./access/access-of.ts";
import { answer, refuse } from "./answers.ts";
import type { AccessRecord, Conversation, EdgeRequest } from "./exchange.ts";
import type { HandlerDeps } from "./handler-deps.ts";
import { trueClient } from "./headers/client.ts";
import type { Client, Plan } from "./plan.ts";
import type { Reason } from "./reasons.ts";
import { RequestRecord } from "./record.ts";

const CHALLENGE = "/.well-known/acme-challenge/";
const NOBODY: Pick<Extract<Decision, { ok: true }>, "identity" | "hide" | "extra"> = { identity: null, hide: [], extra: [] };

export class Passage {
  readonly conversation: Conversation;
  readonly record: AccessRecord;
  readonly client: Client;
  readonly #deps: HandlerDeps;
  #path = "";
  #query = "";
  #found: Extract<Found, { kind: "found" }> | null = null;
  #leave: (() => void) | null = null;
  /** For the answer. */
  #limits = "";
  #ended = false;

  constructor(deps: HandlerDeps, conversation: Conversation) {
    this.#deps = deps;
    this.conversation = conversation;
    this.client = trueClient(conversation.request, deps.trusted);
    this.record = new RequestRecord(conversation.request, this.client.address);
    this.record.sampled = deps.telemetry.sample();
  }

  get target(): Extract<Found, { kind: "found" }>["target"] | null {
    return this.#found?.target ?? null;
  }

  begin(): void {
    const { request } = this.conversation;
    if (request.target.startsWith(CHALLENGE) && this.#isChallenge()) return;
    this.#enter();
  }

  refuse(status: number, reason: Reason, fields = "", body?: string): void {
    refuse(this, { status, reason, fields, ...(body === undefined ? {} : { body }) });
    this.end();
  }

  /** Exactly once, whatever happened. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#leave?.();
    if (this.record.endedAt === 0) this.record.endedAt = performance.now();
    this.#deps.telemetry.done(this.record);
  }

  // Private

  /** Before everything else, on whatever host and port. Without an answer the request goes on: the target may have a client of its own. */
  #isChallenge(): boolean {
    const { method, target } = this.conversation.request;
    if (method !== "GET" && method !== "HEAD") return false;
    const asked = this.#deps.challenge(target.slice(CHALLENGE.length));
    if (asked === null) return false;
    asked.then((value) => (value === null ? this.#enter() : this.#prove(value))).catch((error: unknown) => this.failed(error));
    return true;
  }

  #prove(value: string): void {
    this.record.path = CHALLENGE;
    this.record.access = "acme";
    answer(this.conversation, this.record, 200, "Content-Type: application/octet-stream\r\nCache-Control: no-store\r\n", value);
    this.end();
  }

  #enter(): void {
    const { request } = this.conversation;
    if (isLoop(request)) return this.refuse(508, "loop");
    if (request.target === "*") return this.#capabilities();
    const path = normalisePath(request.target);
    if (!path.ok) return this.refuse(400, "bad_path");
    this.#path = this.record.path = path.path;
    this.#query = path.query;
    const { table } = this.#deps.state();
    const found = this.#find(table);
    if (found === null) return this.refuse(404, "no_target");
    if (found.kind === "refused") return this.#ambiguous(found);
    this.#found = found;
    this.record.target = found.target.name;
    this.record.route = found.route?.name ?? null;
    if (this.#isServed(found, table)) this.#admit(found);
  }

  /** `OPTIONS *` asks the server, not a target. */
  #capabilities(): void {
    answer(this.conversation, this.record, 204, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n", "");
    this.end();
  }

  #ambiguous({ target, why }: Extract<Found, { kind: "refused" }>): void {
    this.record.target = target.name;
    this.refuse(400, "bad_path", "", why);
  }

  #find(table: RouteTable): Exclude<Found, { kind: "unknown" }> | null {
    const { request } = this.conversation;
    const found = table.find({
      host: request.host,
      path: this.#path,
      query: this.#query,
      method: request.method,
      secure: this.client.secure,
      client: this.client.address,
      header: (name) => request.fields.get(name) ?? null,
    });
    return found.kind === "unknown" ? null : found;
  }

  /** On this port, for this name, now. */
  #isServed({ target }: Extract<Found, { kind: "found" }>, table: RouteTable): boolean {
    const { request } = this.conversation;
    const { data } = target;
    const { serverName } = request.peer;
    if (serverName !== null && serverName !== request.host && table.target(serverName) !== target) this.refuse(421, "wrong_host");
    else if (!this.client.secure && data.http === "redirect") this.#toHttps();
    else if (this.client.secure ? !data.enable_https : data.http === "off") this.refuse(404, "no_https");
    else if (!data.enabled) this.refuse(503, "disabled");
    else if (data.mode === "maintenance") this.refuse(503, "maintenance", "Retry-After: 30\r\n", data.message ?? undefined);
    else return true;
    return false;
  }

  #toHttps(): void {
    const { request } = this.conversation;
    const port = this.#deps.httpsPort();
    const where = `https://${request.host}${port === null || port === 443 ? "" : `:${port}`}${request.target}`;
    this.#redirect(308, where);
  }

  #redirect(status: number, location: string): void {
    this.record.status = status;
    answer(this.conversation, this.record, status, `Location: ${location}\r\n`, "");
    this.end();
  }

  #admit(found: Extract<Found, { kind: "found" }>): void {
    const verdict = this.#deps.limits.enter(found.target, found.route, this.client.address, this.conversation.request);
    if (!verdict.ok) return this.refuse(verdict.status, verdict.reason, verdict.fields);
    this.#leave = verdict.leave;
    this.#limits = verdict.fields;
    const specs = accessOf(found.target.data, found.route?.data ?? null);
    if (specs.length === 0) return this.#admitted(found, NOBODY);
    const decision = this.#deps.access.decide(specs, this.conversation.request, this.client, this.#path);
    if (decision instanceof Promise) this.#whenDecided(found, decision);
    else this.#decided(found, decision);
  }

  #whenDecided(found: Extract<Found, { kind: "found" }>, decision: Promise<Decision>): void {
    decision.then((made) => this.#decided(found, made)).catch((error: unknown) => this.failed(error));
  }

  #decided(found: Extract<Found, { kind: "found" }>, decision: Decision): void {
    if (decision.ok) return this.#admitted(found, decision);
    this.record.access = decision.reason;
    this.refuse(decision.status, "denied", decision.fields, decision.body);
  }

  #admitted(found: Extract<Found, { kind: "found" }>, by: typeof NOBODY): void {
    if (by.identity !== null) {
      this.record.user = by.identity.id;
      this.record.access = by.identity.by;
    }
    if (found.redirect !== null) this.#redirect(found.redirect.status, found.redirect.location);
    else this.#reach(found, by);
  }

  #reach(found: Extract<Found, { kind: "found" }>, by: typeof NOBODY): void {
    const { state, groups, upstreams } = this.#deps;
    const { data } = found.target;
    const reached = groups.of(found.upstream, data, state());
    if (reached === null) return this.refuse(503, "no_upstream");
    const hold = data.mode === "paused" ? data.hold : reached.hold;
    if (hold !== null) return this.#hold(found, by, hold);
    this.record.upstream = reached.spec.name;
    this.record.decidedAt = performance.now();
    const path = `${reached.prefix}${found.path}${this.#query}`;
    this.#deps.forward(this.#plan(found, by, upstreams.group(reached.spec), path));
  }

  #plan(found: Extract<Found, { kind: "found" }>, by: typeof NOBODY, group: Plan["group"], path: string): Plan {
    const { data } = found.target;
    const route = found.route?.data ?? null;
    return {
      conversation: this.conversation,
      record: this.record,
      target: data,
      route,
      group,
      path,
      timeouts: route?.timeouts ?? data.timeouts,
      client: this.client,
      identity: by.identity,
      hide: by.hide,
      extra: by.extra,
      limits: this.#limits,
      over: () => this.end(),
    };
  }

  /** Looked at anew with every change: the target may be another one then. */
  #hold(found: Extract<Found, { kind: "found" }>, by: typeof NOBODY, seconds: number): void {
    const waiting = this.#deps.held.wait(() => this.#isOpen(), seconds);
    if (waiting === null) return this.refuse(503, "too_many_held", "Retry-After: 5\r\n");
    waiting.then((open) => this.#held(open, found, by)).catch((error: unknown) => this.failed(error));
  }

  #held(open: boolean, before: Extract<Found, { kind: "found" }>, by: typeof NOBODY): void {
    if (!open) return this.refuse(503, "held_too_long", "Retry-After: 5\r\n");
    const found = this.#find(this.#deps.state().table);
    if (found === null || found.kind === "refused") return this.refuse(404, "no_target");
    this.#reach(found.target.name === before.target.name ? found : before, by);
  }

  #isOpen(): boolean {
    const { state, groups } = this.#deps;
    const now = this.#find(state().table);
    if (now === null || now.kind === "refused") return true;
    if (now.target.data.mode !== "open") return now.target.data.mode === "maintenance";
    return (groups.of(now.upstream, now.target.data, state())?.hold ?? null) === null;
  }

  failed(error: unknown): void {
    this.record.error = error instanceof Error ? error.message : String(error);
    this.refuse(500, "internal");
  }
}

// Private

/** Each passage through an edge leaves its mark; a target that leads back to the edge would be asked for ever. */
function isLoop({ fields }: EdgeRequest): boolean {
  if (fields.get("via") === undefined) return false;
  return fields.all("via").join().split("tidegate").length > MOST_PASSAGES;
}

const MOST_PASSAGES = 8;
