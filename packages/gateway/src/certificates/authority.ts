/** The certificate authorities that may be asked, in turn, and how. */

export interface Authority {
  /** Directory of production. */
  readonly directoryUrl: string;
  /** Directory of its staging server; null: it has none, then nothing is probed and staging certificates are refused. */
  readonly stagingUrl: string | null;
  /** External account binding (RFC 8555 §7.3.4), for CAs that want one. `hmacKey`: base64url. */
  readonly eab: { readonly kid: string; readonly hmacKey: string } | null;
}

export interface AcmeSettings {
  /** The first is asked first; the next ones where it fails. Never empty. */
  readonly authorities: readonly Authority[];
  /** PEM of roots that are trusted for the directories beside the system's; for a CA of one's own. */
  readonly trusted: string | null;
  readonly email: string | null;
  readonly dns: DnsHook | null;
  /** Names (lower case) or addresses under which clients reach the edge, where DNS does not answer with an address of this machine: a load balancer, NAT. */
  readonly publicAddresses: readonly string[];
  /** Where the edge answers http-01 from outside. Default 80; the CA always uses 80. */
  readonly httpPort: number;
}

/** Who writes the TXT records of dns-01. Of the configuration only: a request never names a program. */
export type DnsHook =
  /** Called as `<command> present|clean <record name> <value>`. */
  | { readonly kind: "exec"; readonly command: string }
  /** POST {action: "present" | "clean", fqdn, value} as JSON. `token`: sent as Bearer. */
  | { readonly kind: "webhook"; readonly url: string; readonly token: string | null }
  /** Dynamic update, signed with TSIG (RFC 8945). */
  | {
      readonly kind: "rfc2136";
      readonly server: string;
      readonly port: number;
      readonly zone: string | null;
      readonly key: { readonly name: string; readonly algorithm: "hmac-sha256" | "hmac-sha512"; readonly secret: string } | null;
    };
