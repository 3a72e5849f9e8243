/** Which certificate a host is shown with, and who else is: what decides whether one goes with its target. The choice itself is the edge's. */
import type { CertificateData } from "../certificates/spec.ts";
import { CertificateNames } from "../edge/tls/certificate-names.ts";
import type { TargetData } from "../routes/spec.ts";
import type { Entities } from "../store/entities.ts";
import type { Change, Entity } from "../store/entity.ts";

export interface KeptCertificate {
  readonly name: string;
  readonly domains: readonly string[];
  readonly owner: string;
  /** The certificate, what was asked for to have it, or both. */
  readonly parts: readonly Entity<object>[];
}

export interface CertificateUse {
  readonly certificate: KeptCertificate;
  /** Other hosts that name it, or are shown with it because it fits. */
  readonly others: readonly string[];
}

/** Null: it has none, and none is asked for. */
export async function certificateUse(entities: Entities, host: string): Promise<CertificateUse | null> {
  const [targets, kept] = await Promise.all([entities.table<TargetData>("target").list(), keptCertificates(entities)]);
  const pins = targets.flatMap(({ name, data }) => (data.cert_name === null ? [] : [[name, data.cert_name] as const]));
  const names = new CertificateNames(kept, new Map(pins));
  const certificate = names.find(host);
  if (certificate === null) return null;
  const uses = ({ name, data }: Entity<TargetData>): boolean =>
    data.cert_name === certificate.name || (data.enable_https && names.find(name) === certificate);
  return { certificate, others: targets.filter((one) => one.name !== host && uses(one)).map(({ name }) => name) };
}

/** All of it: nothing is left that would be renewed. */
export function removalsOf({ name, domains, parts }: KeptCertificate): Change[] {
  const event = { type: "certificate_deleted", data: { certificate: name, domains: domains.join(",") } } as const;
  return parts.map(({ kind, version }, at) => ({ kind, name, expect: version, data: null, events: at === 0 ? [event] : [] }));
}

// Private

type Asked = Pick<CertificateData, "domains" | "owner">;

async function keptCertificates(
  entities: Entities,
): Promise<{ name: string; domains: readonly string[]; notAfter: number; value: KeptCertificate }[]> {
  const [certificates, requests] = await Promise.all([
    entities.table<CertificateData>("certificate").list(),
    entities.table<Asked>("certificate_request").list(),
  ]);
  const byName = new Map<string, Entity<Asked>[]>();
  for (const one of [...certificates, ...requests]) byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  const ends = new Map(certificates.map(({ name, data }) => [name, data.not_after]));
  return [...byName].flatMap(([name, parts]) => {
    const [first] = parts;
    if (first === undefined) return [];
    const { domains, owner } = first.data;
    return [{ name, domains, notAfter: ends.get(name) ?? 0, value: { name, domains, owner, parts } }];
  });
}
