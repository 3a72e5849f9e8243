/** Certificates that people bring: checked so that they will serve, their keys sealed, and told; the edge takes them over without touching a connection. */
import type { EventData } from "@tidegate/streams";
import type { Entities, Table } from "../store/entities.ts";
import type { Entity } from "../store/entity.ts";
import type { Vault } from "../store/vault.ts";
import { checkUploaded, type UploadedCertificate } from "./check-uploaded.ts";
import { changedMeanwhile, checkName, nameAfter, requested, unknownCertificate } from "./refusals.ts";
import type { CertificateRequest } from "./request-spec.ts";
import { keyPlace, type CertificateData } from "./spec.ts";

/** Who acts: their subject, and whom new things belong to. */
export interface CertificateActor {
  readonly by: string;
  readonly owner: string;
}

export class Uploads {
  readonly #table: Table<CertificateData>;
  readonly #requests: Table<CertificateRequest>;
  readonly #vault: Vault;

  constructor(entities: Entities, vault: Vault) {
    this.#table = entities.table<CertificateData>("certificate");
    this.#requests = entities.table<CertificateRequest>("certificate_request");
    this.#vault = vault;
  }

  /** `name` null: after its first domain. INVALID_CERTIFICATE, INVALID_NAME, NAME_TAKEN. */
  async add(name: string | null, uploaded: UploadedCertificate, { by, owner }: CertificateActor): Promise<Entity<CertificateData>> {
    if (name !== null) checkName(name);
    const checked = checkUploaded(uploaded);
    const called = name ?? nameAfter(checked.domains[0] ?? "");
    await this.#demandOurs(called);
    const data: CertificateData = { ...checked, key: this.#vault.seal(checked.key, keyPlace(called)), origin: "uploaded", owner };
    return await this.#table.create(called, data, by, { type: "certificate_ready", data: readyOf(called, data) });
  }

  /** The new one counts for the next handshakes. `version`: only over this one, else VERSION_CONFLICT. UNKNOWN_ENTITY. */
  async replace(name: string, uploaded: UploadedCertificate, by: string, version?: number): Promise<Entity<CertificateData>> {
    const checked = checkUploaded(uploaded);
    await this.#demandOurs(name);
    const before = await this.#table.get(name);
    if (before === null) throw unknownCertificate(name);
    if (version !== undefined && version !== before.version) throw changedMeanwhile(name, before.version, version);
    const { owner } = before.data;
    const data: CertificateData = { ...checked, key: this.#vault.seal(checked.key, keyPlace(name)), origin: "uploaded", owner };
    return await this.#table.put(before, data, by, { type: "certificate_renewed", data: readyOf(name, data) });
  }

  // Private

  /** What a CA issues would replace it. */
  async #demandOurs(name: string): Promise<void> {
    if ((await this.#requests.get(name)) !== null) throw requested(name);
  }
}

// Private

function readyOf(name: string, { domains, not_after }: CertificateData): EventData<"certificate_ready"> {
  return { certificate: name, domains: domains.join(","), expires_at: not_after };
}
