/**
 * The certificates of the store, for people and programs: uploaded, replaced, shown, removed. Keys are sealed before they reach Redis and are never shown.
 * Every change comes with its event; the edge takes it over without touching a connection.
 */
import type { EventData } from "@tidegate/streams";
import { GatewayError } from "../errors.ts";
import type { Entities, Table } from "../store/entities.ts";
import type { Entity } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import { checkUploaded, type UploadedCertificate } from "./check-uploaded.ts";
import { keyPlace, type CertificateData } from "./spec.ts";

/** Who acts: their subject, and whom new things belong to. */
export interface CertificateActor {
  readonly by: string;
  readonly owner: string;
}

/** Without its key. */
export type ShownCertificate = Omit<Entity<Omit<CertificateData, "key">>, "kind">;

export interface CertificateTableDeps {
  readonly entities: Entities;
  readonly vault: Vault;
}

const NAME = /^[a-z0-9][a-z0-9_.-]{0,62}$/;

export class CertificateTable {
  readonly #table: Table<CertificateData>;
  readonly #vault: Vault;

  constructor({ entities, vault }: CertificateTableDeps) {
    this.#table = entities.table<CertificateData>("certificate");
    this.#vault = vault;
  }

  /** `name` null: after its first domain. INVALID_CERTIFICATE, INVALID_NAME, NAME_TAKEN. */
  async upload(name: string | null, uploaded: UploadedCertificate, { by, owner }: CertificateActor): Promise<ShownCertificate> {
    if (name !== null) checkName(name);
    const checked = checkUploaded(uploaded);
    const called = name ?? nameAfter(checked.domains[0] ?? "");
    const data: CertificateData = { ...checked, key: this.#vault.seal(checked.key, keyPlace(called)), origin: "uploaded", owner };
    return shown(await this.#table.create(called, data, by, { type: "certificate_ready", data: readyOf(called, data) }));
  }

  /** The new one counts for the next handshakes. `version`: only over this one, else VERSION_CONFLICT. UNKNOWN_ENTITY. */
  async replace(name: string, uploaded: UploadedCertificate, by: string, version?: number): Promise<ShownCertificate> {
    const checked = checkUploaded(uploaded);
    const before = await this.#known(name, version);
    const { owner } = before.data;
    const data: CertificateData = { ...checked, key: this.#vault.seal(checked.key, keyPlace(name)), origin: "uploaded", owner };
    return shown(await this.#table.put(before, data, by, { type: "certificate_renewed", data: readyOf(name, data) }));
  }

  /** In order of names. */
  async list(options: { readonly after?: string; readonly limit?: number } = {}): Promise<ShownCertificate[]> {
    return (await this.#table.list(options)).map(shown);
  }

  /** UNKNOWN_ENTITY. */
  async show(name: string): Promise<ShownCertificate> {
    return shown(await this.#known(name));
  }

  /** Targets that name it fall back to whichever fits. UNKNOWN_ENTITY, VERSION_CONFLICT. */
  async delete(name: string, by: string, version?: number): Promise<void> {
    const before = await this.#known(name, version);
    const data = { certificate: name, domains: before.data.domains.join(",") };
    await this.#table.remove(before, by, { type: "certificate_deleted", data });
  }

  // Private

  async #known(name: string, version?: number): Promise<Entity<CertificateData>> {
    const found = await this.#table.get(name);
    if (found === null) {
      throw new GatewayError("UNKNOWN_ENTITY", `There is no certificate ${JSON.stringify(name.slice(0, 100))}.`, {
        hint: "GET /api/v1/certificates lists them.",
      });
    }
    if (version === undefined || version === found.version) return found;
    throw new GatewayError("VERSION_CONFLICT", `Certificate ${name} has version ${found.version} by now, and not ${version}.`, {
      hint: "Look at it again, then repeat the change.",
    });
  }
}

// Private

function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new GatewayError("INVALID_NAME", `${JSON.stringify(name.slice(0, 100))} cannot be the name of a certificate.`, {
    hint: "Allowed: up to 63 of a-z 0-9 _ . -, beginning with a letter or digit.",
  });
}

function nameAfter(domain: string): string {
  const name = domain.replace(/^\*\./, "wildcard.").replace(/^_+/, "").slice(0, 63);
  checkName(name);
  return name;
}

function readyOf(name: string, { domains, not_after }: CertificateData): EventData<"certificate_ready"> {
  return { certificate: name, domains: domains.join(","), expires_at: not_after };
}

function shown({ name, version, created_at, updated_at, by, data }: Entity<CertificateData>): ShownCertificate {
  const { key: _sealed, ...rest } = data;
  return { name, version, created_at, updated_at, by, data: rest };
}
