/**
 * Targets: which host names are served, and where their requests go. Everything a person sends is checked and completed before it is kept; a change
 * and its event are one step. Whose a target is, is asked by whoever calls.
 */
import { GatewayError } from "../errors.ts";
import { checkHost } from "../routes/host.ts";
import { checkTarget } from "../routes/check-target.ts";
import type { RouteData, TargetData } from "../routes/spec.ts";
import type { Entities, Table } from "../store/entities.ts";
import type { Change, Entity } from "../store/entity.ts";
import { isRecord } from "../store/portable.ts";
import type { Vault } from "../store/vault.ts";
import { withoutPlainSecrets } from "./access-secrets.ts";
import { certificateUse, removalsOf, type CertificateUse, type KeptCertificate } from "./certificate-use.ts";
import type { EdgeView } from "./edge-view.ts";
import { toldOfTarget } from "./events.ts";
import type { HostCertificates } from "./host-certificate.ts";
import { stillNamed, usersOfHost, warningsOfTarget } from "./references.ts";

export interface ProxyDeps {
  readonly entities: Entities;
  readonly vault: Vault;
  readonly edge: EdgeView;
  readonly certificates: HostCertificates;
}

/** What a change came to. */
export interface Changed<T> {
  readonly entity: Entity<T>;
  /** Every live edge worker follows it already. */
  readonly served: boolean;
  readonly warnings: readonly string[];
}

export interface TargetRemoval {
  /** Also while routes name it. */
  readonly force?: boolean;
  /** Removed in the same step. */
  readonly certificate?: KeptCertificate | null;
}

export class Targets {
  readonly #deps: ProxyDeps;

  constructor(deps: ProxyDeps) {
    this.#deps = deps;
  }

  async list(options: { readonly owner?: string } = {}): Promise<Entity<TargetData>[]> {
    const all = await this.#table().list();
    return options.owner === undefined ? all : all.filter(({ data }) => data.owner === options.owner);
  }

  /** UNKNOWN_TARGET. `given` as a person writes it. */
  async get(given: string): Promise<Entity<TargetData>> {
    const host = checkHost(given);
    const entity = await this.#table().get(host);
    if (entity !== null) return entity;
    throw new GatewayError("UNKNOWN_TARGET", `There is no proxy target ${host}.`, {
      hint: `See all: tidegate proxy ls   make it: tidegate proxy create ${host} <url>`,
    });
  }

  /** NAME_TAKEN. */
  async create(given: string, request: unknown, by: string): Promise<Changed<TargetData>> {
    const host = checkHost(given);
    const data = await this.#checked(host, request, null, by);
    return await this.#done(await this.#table().create(host, data, by, toldOfTarget("proxy_created", host, data)));
  }

  /** Only the given fields change. VERSION_CONFLICT where somebody was faster. */
  async update(before: Entity<TargetData>, request: unknown, by: string): Promise<Changed<TargetData>> {
    const data = await this.#checked(before.name, request, before.data, by);
    return await this.#done(await this.#table().put(before, data, by, toldOfTarget("proxy_updated", before.name, data)));
  }

  /** STILL_NAMED by routes without `force`. Nobody serves it any more when it resolves, if the edge follows in time. `certificate` goes with it. */
  async remove(before: Entity<TargetData>, by: string, options: TargetRemoval = {}): Promise<void> {
    const { force = false, certificate = null } = options;
    const host = before.name;
    const users = force ? [] : usersOfHost(host, await this.#deps.entities.table<RouteData>("route").list());
    if (users.length > 0) throw stillNamed(`The target ${host}`, users, "Delete or change those first, or delete it with force.");
    const { entities } = this.#deps;
    const target: Change = {
      kind: "target",
      name: host,
      expect: before.version,
      data: null,
      events: [{ type: "proxy_deleted", data: { host } }],
    };
    await entities.change([target, ...(certificate === null ? [] : removalsOf(certificate))], by);
    await this.#deps.edge.whenServed();
  }

  /** The certificate a host is shown with, and who else is. */
  async certificateUse(host: string): Promise<CertificateUse | null> {
    return await certificateUse(this.#deps.entities, host);
  }

  async warnings({ name, data }: Entity<TargetData>): Promise<string[]> {
    return await warningsOfTarget(this.#deps.entities, this.#deps.certificates, name, data);
  }

  // Private

  #table(): Table<TargetData> {
    return this.#deps.entities.table("target");
  }

  async #checked(host: string, request: unknown, before: TargetData | null, by: string): Promise<TargetData> {
    const clean = await withoutPlainSecrets(request, before?.access ?? null, { kind: "target", name: host }, this.#deps.vault);
    return checkTarget(host, withService(clean), before, before?.owner ?? by);
  }

  async #done(entity: Entity<TargetData>): Promise<Changed<TargetData>> {
    const [served, warnings] = await Promise.all([this.#deps.edge.whenServed(), this.warnings(entity)]);
    return { entity, served, warnings };
  }
}

// Private

/** `target_url` is also what a target answers: of one with a service that is `service:<name>[:<port>]`. */
function withService(request: unknown): unknown {
  if (!isRecord(request)) return request;
  const { target_url: url, ...rest } = request;
  return typeof url === "string" && url.startsWith("service:") ? { ...rest, service_name: url.slice("service:".length) } : request;
}
