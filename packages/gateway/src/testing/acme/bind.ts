/**
 * Starts a real name server (BIND) with zones of its own that take dynamic updates (RFC 2136) of one TSIG key: `await using bind = await startBind()`.
 * It answers for `example.test`, and for `challenges.test`, to which the challenges of one name are delegated. Needs `npm run setup:test`.
 */
import { randomBytes } from "node:crypto";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { Resolver } from "node:dns/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { onFreePorts, Program } from "./program.ts";

export interface TsigKey {
  readonly name: string;
  readonly algorithm: "hmac-sha256";
  /** Base64. */
  readonly secret: string;
}

export interface Bind extends AsyncDisposable {
  /** UDP and TCP of 127.0.0.1. */
  readonly port: number;
  /** `example.test`; it and its `www` are at 127.0.0.1. */
  readonly zone: string;
  /**
   * `_acme-challenge.delegated.example.test` is a CNAME of `target` in `zone`. Updates are allowed there too. The server of
   * one zone does not follow into the other, as those of strangers would not: who asks does.
   */
  readonly delegated: { readonly name: string; readonly zone: string; readonly target: string };
  /** The only one whose updates are taken. */
  readonly key: TsigKey;
  readonly pid: number;
  readonly folder: string;
  /** The values of its records; none: an empty list. */
  query(name: string, type: "A" | "CNAME" | "NS" | "TXT"): Promise<string[]>;
  resolver(): Resolver;
}

export async function startBind(): Promise<Bind> {
  return await onFreePorts(1, async ([port = 0]) => {
    const bind = new LaunchedBind(await mkdtemp(join(tmpdir(), "tidegate-bind-")), port);
    try {
      await bind.start();
      return bind;
    } catch (error) {
      await bind[Symbol.asyncDispose]();
      throw error;
    }
  });
}

// Private

const ZONE = "example.test";
const CHALLENGES = "challenges.test";

class LaunchedBind implements Bind {
  readonly port: number;
  readonly folder: string;
  readonly zone = ZONE;
  readonly delegated = { name: `delegated.${ZONE}`, zone: CHALLENGES, target: `delegated.${CHALLENGES}` };
  readonly key: TsigKey = { name: "tidegate", algorithm: "hmac-sha256", secret: randomBytes(32).toString("base64") };
  #program: Program | null = null;

  constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  get pid(): number {
    return this.#program?.pid ?? 0;
  }

  async start(): Promise<void> {
    await writeFile(join(this.folder, "named.conf"), this.#settings());
    // Its serial number is a sign that whoever answers is this one.
    const serial = String(1 + (process.pid % 1_000_000));
    await writeFile(join(this.folder, ZONE), zoneFile(serial, `_acme-challenge.delegated CNAME ${this.delegated.target}.\n`));
    await writeFile(join(this.folder, CHALLENGES), zoneFile(serial, ""));
    await this.#launch();
    await this.#program?.ready(async () => (await this.resolver().resolveSoa(ZONE)).serial === Number(serial));
  }

  resolver(): Resolver {
    const resolver = new Resolver({ timeout: 2_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${this.port}`]);
    return resolver;
  }

  async query(name: string, type: "A" | "CNAME" | "NS" | "TXT"): Promise<string[]> {
    try {
      const found = (await this.resolver().resolve(name, type)) as (string | string[])[];
      return found.map((value) => (typeof value === "string" ? value : value.join("")));
    } catch (error) {
      if (["ENODATA", "ENOTFOUND"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  // Private

  /** A copy: AppArmor lets the program at its usual path read nothing outside /etc/bind. */
  async #launch(): Promise<void> {
    const program = join(this.folder, "named");
    const installed = installedProgram();
    if (installed !== undefined) await copyFile(installed, program);
    const args = ["-f", "-n", "1", "-c", join(this.folder, "named.conf")];
    this.#program = new Program(program, args, { folder: this.folder, name: "named" });
  }

  #settings(): string {
    const { name, algorithm, secret } = this.key;
    const zones = [ZONE, CHALLENGES].map((zone) => `zone "${zone}" { type primary; file "${zone}"; allow-update { key "${name}"; }; };`);
    return `
key "${name}" { algorithm ${algorithm}; secret "${secret}"; };
controls { };
options {
  directory "${this.folder}"; pid-file none; session-keyfile none; lock-file none;
  listen-on port ${this.port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; allow-query { any; }; notify no; dnssec-validation no; minimal-responses no;
};
${zones.join("\n")}
`;
  }
}

function zoneFile(serial: string, more: string): string {
  return `$TTL 60
@ SOA ns hostmaster ${serial} 3600 600 86400 1
@ NS ns
@ A 127.0.0.1
ns A 127.0.0.1
www A 127.0.0.1
${more}`;
}

function installedProgram(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, "named")).find((path) => existsSync(path));
}
