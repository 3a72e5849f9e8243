/**
 * A host and its certificate in one step: what is ordered for a host that is to be made, or why nothing is; and what a host without one is told. It is
 * planned before the target exists, so that what is wrong with the wish leaves nothing behind, and ordered after it, because a CA looks at the edge.
 */
import type { Certificates } from "../certificates/certificates.ts";
import { nameAfter } from "../certificates/refusals.ts";
import type { CertificateActor } from "../certificates/uploads.ts";
import type { CertificateStatus, CertificateView } from "../certificates/view.ts";
import { isLocalName } from "../edge/tls/server-name.ts";
import { GatewayError } from "../errors.ts";
import { checkHost, wildcardOf } from "../routes/host.ts";
import type { TargetData } from "../routes/spec.ts";

export interface HostWish {
  /** Whether the host is on the HTTPS port at all. */
  readonly https: boolean;
  /** What the target names; null: it is called after the host. */
  readonly name: string | null;
  readonly email?: unknown;
  readonly staging?: unknown;
}

/** `order` null: nothing has to be ordered, and `why` says so. */
export type HostPlan =
  | { readonly order: null; readonly certificate: HostCertificate | null; readonly why: string }
  | { readonly order: { readonly host: string; readonly name: string; readonly fields: Readonly<Record<string, unknown>> } };

export interface HostCertificate {
  readonly name: string;
  readonly status: CertificateStatus;
}

/** Either it is ordered, or `problem` says what stands in the way and what to do then. */
export interface HostOrder {
  readonly certificate: HostCertificate | null;
  readonly problem: string | null;
}

export class HostCertificates {
  readonly #certificates: Pick<Certificates, "list" | "check" | "request">;

  constructor(certificates: Pick<Certificates, "list" | "check" | "request">) {
    this.#certificates = certificates;
  }

  /** INVALID_NAME, INVALID_CERTIFICATE_REQUEST: then nobody can issue what is wanted, whatever is mended. */
  async plan(given: string, { https, name, ...fields }: HostWish): Promise<HostPlan> {
    const host = checkHost(given);
    if (!https) return none(`${host} is not served by HTTPS, so no certificate is ordered.`);
    if (isLocalName(host)) return none(`${host} is a name for development: Tidegate shows it with a certificate of its own.`);
    const fit = (await this.#covering(host, name)).find((view) => view.request !== null || isGood(view.status));
    if (fit !== undefined) return none(fitting(host, fit), { name: fit.name, status: fit.status });
    this.#certificates.check({ ...fields, domains: [host] });
    return { order: { host, name: name ?? nameAfter(host), fields: { ...fields, domains: [host] } } };
  }

  /** With `preflight` it is looked first whether a CA could reach the host. */
  async order(
    plan: HostPlan,
    actor: CertificateActor,
    options: { readonly preflight: boolean; readonly signal: AbortSignal },
  ): Promise<HostOrder> {
    if (plan.order === null) return { certificate: plan.certificate, problem: null };
    const { host, name, fields } = plan.order;
    try {
      const { status } = await this.#certificates.request(name, fields, actor, options);
      return { certificate: { name, status }, problem: null };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { certificate: null, problem: notOrdered(host, name, fields, error) };
    }
  }

  /** By default HTTP is sent to HTTPS: without a certificate the host could not be reached at all. */
  async warning(host: string, { cert_name: named, http, enable_https: https }: TargetData): Promise<string | null> {
    if (!https || isLocalName(host)) return null;
    const views = await this.#covering(host, named);
    if (views.some(({ certificate }) => certificate !== null)) return null;
    const [asked] = views;
    const until =
      named === null && http === "redirect" ? `; until then nobody reaches ${host}, as HTTP is sent to HTTPS (or: --no-https)` : "";
    if (asked !== undefined) return `${underWay(host, asked)}${until}`;
    const missing = named === null ? `No certificate fits ${host}, so HTTPS refuses it` : `There is no certificate ${named} yet`;
    return `${missing}: ${this.#ways(host, named)}${until}`;
  }

  // Private

  /** `named`: that one alone, whatever it covers. */
  async #covering(host: string, named: string | null): Promise<CertificateView[]> {
    const all = await this.#certificates.list();
    return all.filter((view) => (named === null ? covers(view, host) : view.name === named));
  }

  #ways(host: string, named: string | null): string {
    const upload = `tidegate cert upload ${named === null ? "" : `${named} `}--chain <file> --key <file>`;
    if (!this.#canBeIssued(host)) return upload;
    return `tidegate cert create ${host}${named === null ? "" : ` --name ${named}`}, or ${upload}`;
  }

  #canBeIssued(host: string): boolean {
    try {
      this.#certificates.check({ domains: [host] });
      return true;
    } catch (error) {
      if (error instanceof GatewayError) return false;
      throw error;
    }
  }
}

// Private

/** Of a CA's words. */
const BRIEF = 200;

function none(why: string, certificate: HostCertificate | null = null): HostPlan {
  return { order: null, certificate, why };
}

/** The certificate there is; before there is one, what is asked for. */
function covers({ request, certificate }: CertificateView, host: string): boolean {
  const domains = certificate?.data.domains ?? request?.data.domains ?? [];
  return domains.includes(host) || domains.includes(wildcardOf(host) ?? host);
}

function isGood(status: CertificateStatus): boolean {
  return status !== "expired" && status !== "failed";
}

function fitting(host: string, { name, certificate }: CertificateView): string {
  if (certificate === null) return `The certificate ${name} is asked for already, and fits ${host}: no other one is ordered.`;
  const trial = certificate.data.acme?.staging === true ? ` It is of the staging server; then for good: tidegate cert convert ${name}` : "";
  return `The certificate ${name} fits ${host} already: no other one is ordered.${trial}`;
}

function underWay(host: string, { name, progress }: CertificateView): string {
  const problem = progress.attempt > 0 ? progress.last_problem : null;
  if (problem === null) return `The certificate ${name} for ${host} is being issued: tidegate cert status ${name} --wait`;
  const detail = problem.detail.length > BRIEF ? `${problem.detail.slice(0, BRIEF)}…` : problem.detail;
  return `The certificate ${name} for ${host} could not be issued yet: ${detail} More: tidegate cert explain ${name}`;
}

function notOrdered(host: string, name: string, { staging }: Readonly<Record<string, unknown>>, error: GatewayError): string {
  const called = name === nameAfter(host) ? "" : ` --name ${name}`;
  const later =
    error.code === "PREFLIGHT_FAILED" ? ` Then: tidegate cert create ${host}${called}${staging === true ? " --staging" : ""}` : "";
  return [`No certificate was ordered for ${host}: ${error.message}`, error.hint ?? ""].filter((part) => part !== "").join(" ") + later;
}
