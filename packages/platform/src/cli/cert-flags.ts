/** Flags of what is wanted of a CA, as fields of the REST interface. */
import type { Command } from "commander";

export interface WishFlags {
  readonly email?: string;
  readonly staging?: boolean;
  readonly challenge?: string;
  readonly keyType?: string;
  readonly directory?: string;
  readonly preferredChain?: string;
  readonly profile?: string;
}

export function wishFlags(command: Command): Command {
  return command
    .option("--email <address>", "contact of the account at the CA; default: ACME_EMAIL")
    .option("--challenge <type>", "http-01, tls-alpn-01, dns-01 or auto, which is the default")
    .option("--key-type <type>", "ec-p256 (default), ec-p384, rsa-2048 or rsa-4096")
    .option("--directory <url>", "directory of the CA; default: those of ACME_DIRECTORY_URL, in turn")
    .option("--preferred-chain <cn>", "CN of the root the chain should end at, where the CA offers several")
    .option("--profile <name>", "profile of the CA, as shortlived");
}

/** Only what was given. */
export function wishOf(flags: WishFlags): Readonly<Record<string, unknown>> {
  const fields = {
    email: flags.email,
    staging: flags.staging,
    challenge: flags.challenge,
    key_type: flags.keyType,
    directory_url: flags.directory,
    preferred_chain: flags.preferredChain,
    profile: flags.profile,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
