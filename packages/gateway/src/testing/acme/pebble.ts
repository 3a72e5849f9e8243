/**
 * Starts a real test CA, Let's Encrypt's Pebble, with the DNS it asks: `await using pebble = await startPebble()`. It validates for real, at
 * `httpPort` and `tlsPort` of the addresses its DNS answers with. Needs `npm run setup:test`. Several run side by side; neither process nor file
 * is left. Pebble 2.4 has no rate limits, no ARI, no CAA checks, and certificates of five years: see shim.ts and clock-ca.ts.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DnsControl } from "./dns-control.ts";
import { httpsGet } from "./https-ask.ts";
import { onFreePorts, Program } from "./program.ts";
import { serverIdentity, type ServerIdentity } from "./server-identity.ts";

export interface PebbleOptions {
  /** Percent of good nonces that are refused with badNonce. Default 5. */
  readonly nonceReject?: number;
  /** Every challenge is valid without being looked at. Default false. */
  readonly alwaysValid?: boolean;
  /** More chains, each to a root of its own (RFC 8555 §7.4.2, `Link: rel="alternate"`). Default 0. */
  readonly alternateRoots?: number;
  /** Intermediates in a chain. Default 1. */
  readonly chainLength?: number;
  /** Accounts must be bound to one of these: kid → base64url of the HMAC key. */
  readonly eab?: Readonly<Record<string, string>>;
  /** Percent of valid authorizations that a later order gets again. Default 0. */
  readonly authzReuse?: number;
  /** Where http-01 and tls-alpn-01 are validated; free ports by default. Nobody listens there yet. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
}

export interface PebbleStatus {
  readonly status: "Valid" | "Revoked";
  /** RFC 5280 §5.3.1; only of the revoked. */
  readonly reason: number | null;
  /** PEM. */
  readonly certificate: string;
}

export interface Pebble extends AsyncDisposable {
  readonly directoryUrl: string;
  /** PEM that clients of the directory must trust; not what signs certificates. */
  readonly trusted: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly dns: DnsControl;
  readonly pids: readonly number[];
  readonly folder: string;
  /** PEM of what its certificates chain up to; 0 is the preferred one, then the alternates. */
  root(chain?: number): Promise<string>;
  intermediate(chain?: number): Promise<string>;
  /** `serial` in hexadecimal, as X509Certificate has it. Null: it never issued that. */
  statusOf(serial: string): Promise<PebbleStatus | null>;
}

export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  return await onFreePorts(6, async (ports) => {
    const pebble = new LaunchedPebble(await mkdtemp(join(tmpdir(), "tidegate-pebble-")), ports, options, await serverIdentity());
    try {
      await pebble.start();
      return pebble;
    } catch (error) {
      await pebble[Symbol.asyncDispose]();
      throw error;
    }
  });
}

// Private

class LaunchedPebble implements Pebble {
  readonly folder: string;
  readonly directoryUrl: string;
  readonly trusted: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly dns: DnsControl;
  readonly #ports: Record<"acme" | "management" | "dns" | "dnsManagement", number>;
  readonly #options: PebbleOptions;
  readonly #identity: ServerIdentity;
  readonly #programs: Program[] = [];

  constructor(folder: string, ports: readonly number[], options: PebbleOptions, identity: ServerIdentity) {
    const [acme = 0, management = 0, dns = 0, dnsManagement = 0, http = 0, tls = 0] = ports;
    this.folder = folder;
    this.#ports = { acme, management, dns, dnsManagement };
    this.#options = options;
    this.#identity = identity;
    this.trusted = identity.certificate;
    this.directoryUrl = `https://127.0.0.1:${acme}/dir`;
    this.httpPort = options.httpPort ?? http;
    this.tlsPort = options.tlsPort ?? tls;
    this.dns = new DnsControl(dns, `http://127.0.0.1:${dnsManagement}`);
  }

  get pids(): readonly number[] {
    return this.#programs.map(({ pid }) => pid);
  }

  async start(): Promise<void> {
    await this.#startDns();
    await this.#startCa();
  }

  root(chain = 0): Promise<string> {
    return this.#pem(`roots/${chain}`);
  }

  intermediate(chain = 0): Promise<string> {
    return this.#pem(`intermediates/${chain}`);
  }

  async statusOf(serial: string): Promise<PebbleStatus | null> {
    const { status, text } = await this.#manage(`cert-status-by-serial/${serial.toLowerCase()}`);
    if (status === 404) return null;
    const found = JSON.parse(text) as { Status: "Valid" | "Revoked"; Reason?: number; Certificate: string };
    return { status: found.Status, reason: found.Reason ?? null, certificate: found.Certificate };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.end()));
    await rm(this.folder, { recursive: true, force: true });
  }

  // Private

  async #startDns(): Promise<void> {
    const { dns, dnsManagement } = this.#ports;
    const off = ["-http01", "", "-https01", "", "-tlsalpn01", ""];
    const listen = ["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${dnsManagement}`];
    const program = this.#run("pebble-challtestsrv", ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", ...off, ...listen], {});
    const sign = `ready-${program.pid}`;
    await program.ready(async () => {
      await this.dns.clear("ready.test");
      await this.dns.txt("ready.test", sign);
      return (await this.dns.resolver().resolveTxt("ready.test"))[0]?.[0] === sign;
    });
    await this.dns.clear("ready.test");
  }

  async #startCa(): Promise<void> {
    await writeFile(join(this.folder, "cert.pem"), this.#identity.certificate);
    await writeFile(join(this.folder, "key.pem"), this.#identity.key);
    await writeFile(join(this.folder, "pebble.json"), JSON.stringify({ pebble: this.#settings() }));
    const args = ["-config", "pebble.json", "-dnsserver", `127.0.0.1:${this.#ports.dns}`, "-strict"];
    await this.#run("pebble", args, this.#environment()).ready(
      async () => (await httpsGet(this.directoryUrl, this.trusted)).status === 200 && (await this.#manage("roots/0")).status === 200,
    );
  }

  #run(name: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
    const program = new Program(name, args, { folder: this.folder, name, env });
    this.#programs.push(program);
    return program;
  }

  #settings(): Record<string, unknown> {
    const { eab } = this.#options;
    return {
      listenAddress: `127.0.0.1:${this.#ports.acme}`,
      managementListenAddress: `127.0.0.1:${this.#ports.management}`,
      certificate: "cert.pem",
      privateKey: "key.pem",
      httpPort: this.httpPort,
      tlsPort: this.tlsPort,
      ocspResponderURL: "",
      externalAccountBindingRequired: eab !== undefined,
      ...(eab === undefined ? {} : { externalAccountMACKeys: eab }),
    };
  }

  #environment(): Record<string, string> {
    const { nonceReject = 5, authzReuse = 0, alternateRoots = 0, chainLength = 1, alwaysValid = false } = this.#options;
    return {
      PEBBLE_VA_NOSLEEP: "1",
      PEBBLE_WFE_NONCEREJECT: String(nonceReject),
      PEBBLE_AUTHZREUSE: String(authzReuse),
      PEBBLE_ALTERNATE_ROOTS: String(alternateRoots),
      PEBBLE_CHAIN_LENGTH: String(chainLength),
      ...(alwaysValid ? { PEBBLE_VA_ALWAYS_VALID: "1" } : {}),
    };
  }

  async #pem(path: string): Promise<string> {
    const { status, text } = await this.#manage(path);
    if (status !== 200) throw new Error(`Pebble answered ${path} with ${status}: ${text}`);
    return text;
  }

  #manage(path: string): ReturnType<typeof httpsGet> {
    return httpsGet(`https://127.0.0.1:${this.#ports.management}/${path}`, this.trusted);
  }
}
