/** What is wanted of a CA, from the fields of a request: under the names of the earlier systems as well, and without those that are not the caller's. */
import { GatewayError, type RequestFields } from "@tidegate/gateway";

type Body = Readonly<Record<string, unknown>>;

/** INVALID_CERTIFICATE_REQUEST. Which fields there are and what may be in them is checked by the gateway. */
export function wishOf(body: Body): RequestFields {
  const { domain, domains, acme_directory_url: earlier, directory_url: directory, cert_name: _, skip_preflight: __, ...rest } = body;
  const own = ["owner", "renew_asked_at"].find((field) => Object.hasOwn(rest, field));
  if (own !== undefined) throw refused(`${own} is no field.`, "Leave it out.");
  return {
    ...rest,
    ...one("domains", domains, "domain", domain === undefined ? undefined : [domain]),
    ...one("directory_url", directory, "acme_directory_url", earlier),
  };
}

/** Somebody brings a certificate instead of asking for one. */
export function isUpload(body: Body): boolean {
  const brings = Object.hasOwn(body, "fullchain_pem") || Object.hasOwn(body, "private_key_pem");
  const asks = Object.hasOwn(body, "domain") || Object.hasOwn(body, "domains");
  if (brings && asks)
    throw refused(
      "fullchain_pem uploads a certificate, and domains asks a CA for one.",
      "Send one of them: an uploaded certificate has its own domains.",
    );
  if (!brings && !asks)
    throw refused(
      "There is neither a domain to ask a CA for, nor a certificate to upload.",
      'Send {"domain": "app.example.org"}, or fullchain_pem and private_key_pem.',
    );
  return brings;
}

// Private

function one(name: string, value: unknown, alias: string, other: unknown): Body {
  if (value !== undefined && other !== undefined) throw refused(`There are both ${name} and ${alias}.`, "Send one of them.");
  const given = value ?? other;
  return value === undefined && other === undefined ? {} : { [name]: given };
}

function refused(message: string, hint: string): GatewayError {
  return new GatewayError("INVALID_CERTIFICATE_REQUEST", message, { hint });
}
