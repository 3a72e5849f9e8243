/** What stands before each change of a certificate: whose it is, and the version the caller has seen. */
import { versionOf, type Certificates, type CertificateView } from "@tidegate/gateway";
import { ownerOf } from "./certificates-view.ts";
import type { Call } from "./route.ts";
import { allowChange } from "./services-access.ts";

export interface Allowed {
  readonly before: CertificateView;
  readonly version: number;
  readonly by: string;
}

export async function allowed(certificates: Certificates, call: Call<{ readonly name: string }, unknown, unknown>): Promise<Allowed> {
  const before = await certificates.show(call.params.name);
  const version = versionOf(before);
  const stamps = { created_at: 0, updated_at: 0, by: "" };
  const entity = { ...stamps, name: before.name, version, kind: "certificate" as const, data: { owner: ownerOf(before) } };
  return { before, version, by: allowChange(entity, call, "certificates") };
}
