/**
 * Certificates for tests, made by the openssl program in a folder of their own: an authority with a server's and a client's
 * certificate, and a second authority nobody trusts. Valid for two days.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class Certificates implements AsyncDisposable {
  readonly folder: string;

  static async make(): Promise<Certificates> {
    const made = new Certificates(await mkdtemp(join(tmpdir(), "tidegate-certificates-")));
    try {
      for (const authority of ["ca", "stranger"]) await made.#request(authority, [...AUTHORITY]);
      await made.#request("server", ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", ...made.#signed("ca")]);
      await made.#request("client", made.#signed("ca"));
      await made.#request("stranger-client", made.#signed("stranger"));
      return made;
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  get server(): CertificateFiles {
    return { ca: this.path("ca.crt"), cert: this.path("server.crt"), key: this.path("server.key") };
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async pem(name: string): Promise<string> {
    return await readFile(this.path(name), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #signed(authority: string): string[] {
    return ["-CA", this.path(`${authority}.crt`), "-CAkey", this.path(`${authority}.key`)];
  }

  async #request(name: string, more: readonly string[]): Promise<void> {
    const files = ["-keyout", this.path(`${name}.key`), "-out", this.path(`${name}.crt`)];
    try {
      await promisify(execFile)("openssl", [...REQUEST, "-subj", `/CN=tidegate test ${name}`, ...files, ...more]);
    } catch (cause) {
      throw new Error("These tests need the openssl program, version 3: apt-get install openssl", { cause });
    }
  }
}

// Private

const REQUEST = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" ");
const AUTHORITY = ["-addext", "keyUsage=critical,keyCertSign"];
