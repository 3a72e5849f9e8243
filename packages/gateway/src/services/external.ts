/** Services that run elsewhere: a name and a URL. Their names are unique over both kinds of services. */
import { GatewayError } from "../errors.ts";
import type { Entities, Table } from "../store/entities.ts";
import type { Entity, EntityEvent } from "../store/entity.ts";
import type { ExternalServices } from "./services.ts";
import type { ExternalService } from "./spec.ts";

const PROTOCOLS: ReadonlySet<string> = new Set(["http:", "https:", "tcp:"]);
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const LONGEST_URL = 2_048;
const LONGEST_DESCRIPTION = 500;
const FIELDS: ReadonlySet<string> = new Set(["service_name", "name", "url", "target_url", "description"]);

export class External implements ExternalServices {
  readonly #entities: Entities;

  constructor(entities: Entities) {
    this.#entities = entities;
  }

  async list(): Promise<Entity<ExternalService>[]> {
    return await this.#table().list();
  }

  async get(name: string): Promise<Entity<ExternalService>> {
    const entity = await this.#table().get(name);
    if (entity === null) throw new GatewayError("UNKNOWN_SERVICE", `There is no external service ${JSON.stringify(name)}.`);
    return entity;
  }

  async register(name: string, request: unknown, by: string): Promise<Entity<ExternalService>> {
    checkServiceName(name);
    const { url, description } = checkExternal(request, null);
    if ((await this.#entities.table("service").get(name)) !== null)
      throw new GatewayError("NAME_TAKEN", `There is a Docker service ${name}.`);
    return await this.#table().create(name, { url, description, owner: by }, by, event("service_created", name, url));
  }

  async update(name: string, request: unknown, by: string): Promise<Entity<ExternalService>> {
    const before = await this.get(name);
    const { url, description } = checkExternal(request, before.data);
    return await this.#table().put(before, { ...before.data, url, description }, by, event("service_updated", name, url));
  }

  async remove(name: string, by: string): Promise<void> {
    const before = await this.get(name);
    await this.#table().remove(before, by, event("service_deleted", name, before.data.url));
  }

  // Private

  #table(): Table<ExternalService> {
    return this.#entities.table("external_service");
  }
}

/** Paths beside those of services in the REST interface: a service of such a name could not be reached there. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(["cleanup", "external", "ports", "unified"]);

/** INVALID_NAME. */
export function checkServiceName(name: string): void {
  if (RESERVED_NAMES.has(name))
    throw new GatewayError("INVALID_NAME", `${name} cannot be the name of a service: it is a path of the REST interface.`, {
      hint: `Not allowed: ${[...RESERVED_NAMES].join(", ")}.`,
    });
  if (NAME.test(name)) return;
  throw new GatewayError("INVALID_NAME", `${JSON.stringify(name.slice(0, 100))} cannot be the name of a service.`, {
    hint: "Allowed: up to 63 of a-z 0-9 _ -, beginning with a letter or a digit.",
  });
}

// Private

function checkExternal(request: unknown, before: ExternalService | null): Pick<ExternalService, "url" | "description"> {
  if (typeof request !== "object" || request === null || Array.isArray(request)) throw invalid("an external service is an object", request);
  for (const field of Object.keys(request)) if (!FIELDS.has(field)) throw invalid(`there is no field ${JSON.stringify(field)}`, field);
  const { url, target_url, description = before?.description ?? "" } = request as Record<string, unknown>;
  if (typeof description !== "string" || description.length > LONGEST_DESCRIPTION)
    throw invalid(`description is a text of at most ${LONGEST_DESCRIPTION} characters`, description);
  return { url: checkUrl(url ?? target_url ?? before?.url), description };
}

function checkUrl(given: unknown): string {
  if (typeof given !== "string" || given.length > LONGEST_URL || !URL.canParse(given))
    throw invalid("url is an http, https or tcp URL", given);
  const url = new URL(given);
  if (!PROTOCOLS.has(url.protocol)) throw invalid("url is an http, https or tcp URL", url.protocol);
  if (url.username !== "" || url.password !== "")
    throw new GatewayError("INVALID_SPEC", "url must not hold a user or password: it is shown in lists and logs.");
  if (url.hostname === "") throw invalid("url names a host", given);
  if (url.protocol === "tcp:" && url.port === "") throw invalid("a tcp URL names a port", given);
  return url.href;
}

function invalid(what: string, found: unknown): GatewayError {
  const shown = found === undefined ? "nothing" : (JSON.stringify(found) ?? typeof found).slice(0, 100);
  return new GatewayError("INVALID_SPEC", `${what}; found ${shown}`, {
    hint: 'As {"url": "https://api.example.com:8443", "description": "…"}.',
  });
}

function event(type: "service_created" | "service_updated" | "service_deleted", service: string, detail: string): EntityEvent {
  return { type, data: { service, kind: "external", detail } };
}
