import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { connect as dial, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { HttpListeners } from "../http/listeners.ts";
import type { Peer } from "../http/exchange.ts";
import { openVault, testCertificate, type TestCertificate } from "../../certificates/testing/certificate.ts";
import { TlsContexts, type CertificateEntry } from "./contexts.ts";
import { LocalAuthority } from "./local-authority.ts";
import { TicketKeys } from "./ticket-keys.ts";

/** Without anything to read from. */
async function openssl(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const running = promisify(execFile)("openssl", args, { timeout: 10_000 });
  running.child.stdin?.end();
  return await running.catch((error: { stdout: string; stderr: string }) => error);
}

const CA = "-----BEGIN CERTIFICATE-----";

describe("HTTP and HTTPS listeners", () => {
  let folder = "";
  let tls: TlsContexts;
  let listeners: HttpListeners;
  let app: TestCertificate;
  let wild: TestCertificate;
  const peers: Peer[] = [];
  const troubles: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tidegate-tls-"));
    [app, wild] = await Promise.all([testCertificate(["app.example"]), testCertificate(["*.example"])]);
    tls = new TlsContexts({ dataFolder: folder, onTrouble: (message) => troubles.push(message) });
    await tls.start();
    tls.apply([app.entry("app"), wild.entry("wild")], openVault);
    listeners = new HttpListeners({ tls, admit: echo, onTrouble: (message) => troubles.push(message) });
    await listeners.set({ host: "127.0.0.1", http: 0, https: 0 });
  });
  after(async () => {
    await listeners.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Answers what it hears with the name it was asked by; a client may stay. */
  function echo(socket: Socket, peer: Peer, first: Buffer): void {
    peers.push(peer);
    socket.on("error", () => {}).on("end", () => socket.end());
    socket.on("data", (chunk) => socket.write(`${peer.serverName ?? "-"} ${String(chunk)}`));
    if (first.length > 0) socket.write(`first ${String(first)}`);
  }

  const https = (): number => listeners.port("https") ?? 0;
  const http = (): number => listeners.port("http") ?? 0;

  /** The certificate it was shown, or what it was told. */
  async function shake(servername: string, more: ConnectionOptions = {}): Promise<X509Certificate | string> {
    const socket = connect({ host: "127.0.0.1", port: https(), servername, rejectUnauthorized: false, ...more });
    try {
      await once(socket, "secureConnect");
      return socket.getPeerX509Certificate() ?? "no certificate";
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code ?? error);
    } finally {
      socket.destroy();
    }
  }

  async function serial(servername: string): Promise<string> {
    const shown = await shake(servername);
    return typeof shown === "string" ? shown : shown.serialNumber.toLowerCase();
  }

  /** Everything that comes until the end. */
  async function tell(port: number, bytes: Buffer | string): Promise<string> {
    const socket = dial({ host: "127.0.0.1", port });
    const heard: Buffer[] = [];
    socket.on("error", () => {}).on("data", (chunk: Buffer) => heard.push(chunk));
    socket.write(bytes);
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    return Buffer.concat(heard).toString("latin1");
  }

  it("shows the certificate of the name, else of its wildcard, whatever the case", async () => {
    assert.equal(await serial("app.example"), app.data.serial);
    assert.equal(await serial("APP.Example"), app.data.serial);
    assert.equal(await serial("other.example"), wild.data.serial);
  });

  it("refuses a name it has nothing for, and clients that send none, with the alert for it", async () => {
    for (const name of ["example", "a.b.example", "nobody.org", ""])
      assert.equal(await shake(name), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME", name);
  });

  it("speaks TLS 1.2 and 1.3, HTTP/1.1 by ALPN, and says who asks", async () => {
    const socket = connect({
      host: "127.0.0.1",
      port: https(),
      servername: "app.example",
      ALPNProtocols: ["h2", "http/1.1"],
      ca: [app.data.chain],
    });
    try {
      await once(socket, "secureConnect");
      assert.deepEqual([socket.authorized, socket.alpnProtocol, socket.getProtocol()], [true, "http/1.1", "TLSv1.3"]);
      socket.write("hello");
      assert.equal(String((await once(socket, "data"))[0]), "app.example hello");
      const { address, port, secure, serverName, tlsVersion } = peers.at(-1) as Peer;
      assert.deepEqual([address, port, secure, serverName, tlsVersion], ["127.0.0.1", socket.localPort, true, "app.example", "TLSv1.3"]);
    } finally {
      socket.destroy();
    }
    assert.notEqual(typeof (await shake("app.example", { maxVersion: "TLSv1.2" })), "string");
    assert.equal(await shake("app.example", { ALPNProtocols: ["h2"] }), "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
    const old = await openssl(
      "s_client",
      "-connect",
      `127.0.0.1:${https()}`,
      "-servername",
      "app.example",
      "-tls1_1",
      "-cipher",
      "DEFAULT@SECLEVEL=0",
    );
    assert.match(old.stderr, /alert protocol version|no protocols available/);
  });

  it("takes sessions up again, also from another worker, and not under another certificate", async () => {
    const session = async (socket: TLSSocket): Promise<Buffer> => {
      const [ticket] = (await once(socket, "session")) as [Buffer];
      socket.destroy();
      return ticket;
    };
    const options = { host: "127.0.0.1", servername: "app.example", rejectUnauthorized: false };
    const ticket = await session(connect({ ...options, port: https() }));
    const other = new TlsContexts({ dataFolder: folder, onTrouble: (message) => troubles.push(message) });
    await other.start();
    other.apply([app.entry("app")], openVault);
    const second = new HttpListeners({ tls: other, admit: echo, onTrouble: () => {} });
    try {
      await second.set({ host: "127.0.0.1", http: null, https: 0 });
      const resume = async (port: number, servername: string): Promise<boolean> => {
        const socket = connect({ ...options, port, servername, session: ticket });
        await once(socket, "secureConnect");
        const reused = socket.isSessionReused();
        socket.destroy();
        return reused;
      };
      assert.equal(await resume(second.port("https") ?? 0, "app.example"), true);
      assert.equal(await resume(https(), "other.example"), false);
      other.apply([(await testCertificate(["app.example"])).entry("app")], openVault);
      assert.equal(await resume(second.port("https") ?? 0, "app.example"), false);
    } finally {
      await second.close();
    }
  });

  it("answers plain HTTP on the HTTPS port with 400, and closes TLS on the HTTP port", async () => {
    assert.match(
      await tell(https(), "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n"),
      /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*this is an HTTPS port/,
    );
    assert.equal(await tell(http(), Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0])), "");
    const socket = dial({ host: "127.0.0.1", port: http() });
    try {
      socket.write("GET /");
      assert.equal(String((await once(socket, "data"))[0]), "first GET /");
      assert.equal(peers.at(-1)?.secure, false);
    } finally {
      socket.destroy();
    }
  });

  it("changes certificates under 200 open connections without touching one", async () => {
    const open = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = connect({ host: "127.0.0.1", port: https(), servername: "app.example", rejectUnauthorized: false });
        await once(socket, "secureConnect");
        return socket;
      }),
    );
    try {
      const renewed = await testCertificate(["app.example"]);
      assert.equal(tls.apply([renewed.entry("app"), wild.entry("wild")], openVault).size, 0);
      assert.equal(await serial("app.example"), renewed.data.serial);
      const answers = await Promise.all(
        open.map(async (socket) => {
          socket.write("still");
          return String((await once(socket, "data"))[0]);
        }),
      );
      assert.deepEqual([...new Set(answers)], ["app.example still"]);
      assert.ok(open.every((socket) => socket.getPeerX509Certificate()?.serialNumber.toLowerCase() === app.data.serial));
    } finally {
      for (const socket of open) socket.destroy();
      tls.apply([app.entry("app"), wild.entry("wild")], openVault);
    }
  });

  it("tells of a certificate whose key does not open, and serves the others", async () => {
    const broken: CertificateEntry = { name: "broken", data: { ...wild.data, fingerprint: "0".repeat(64), domains: ["broken.example"] } };
    const vault = {
      ...openVault,
      open: (sealed: { $sealed: string }, place: string) => {
        if (place === "certificate/broken/key") throw new Error("another key");
        return openVault.open(sealed, place);
      },
    };
    const hollow = { name: "hollow", data: {} as CertificateEntry["data"] };
    assert.deepEqual([...tls.apply([hollow], vault)], [["hollow", "it has no list of domains"]]);
    assert.deepEqual([...tls.apply([broken, app.entry("app"), wild.entry("wild")], vault)], [["broken", "another key"]]);
    assert.equal(await serial("app.example"), app.data.serial);
    assert.equal(await serial("broken.example"), wild.data.serial);
    tls.apply([app.entry("app"), wild.entry("wild")], openVault, { pins: new Map([["app.example", "wild"]]) });
    assert.equal(await serial("app.example"), wild.data.serial);
    tls.apply([app.entry("app"), wild.entry("wild")], openVault);
  });

  it("goes on under a flood of junk and torn handshakes, and counts it", async () => {
    const junk = [
      Buffer.from("\0\x01\x02junk"),
      Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0]),
      Buffer.from([22, 3, 1, 255, 255, 1]),
      Buffer.from([22, 3, 1, 0, 3, 2, 2, 2]),
    ];
    const earlier = listeners.counts.failures["not_tls"] ?? 0;
    await Promise.all(Array.from({ length: 400 }, (_, at) => tell(https(), junk[at % junk.length] as Buffer)));
    assert.equal((listeners.counts.failures["not_tls"] ?? 0) - earlier, 100);
    assert.ok((listeners.counts.failures["bad_hello"] ?? 0) >= 300);
    assert.equal(await serial("app.example"), app.data.serial);
  });

  it("cuts whoever begins a handshake and does not end it", async () => {
    const slow = new HttpListeners({
      tls: new TlsContexts({ dataFolder: folder, onTrouble: () => {} }),
      admit: echo,
      onTrouble: () => {},
      handshakeLimit: 1,
    });
    try {
      await slow.set({ host: "127.0.0.1", http: null, https: 0 });
      assert.equal(await tell(slow.port("https") ?? 0, Buffer.from([22, 3, 1, 0, 200, 1])), "");
      assert.equal(slow.counts.failures["timeout"], 1);
    } finally {
      await slow.close();
    }
  });

  it("says who has a port, and takes it once it is free", async () => {
    const blocker = createServer();
    blocker.listen({ host: "127.0.0.1", port: 0, exclusive: true });
    await once(blocker, "listening");
    const { port } = blocker.address() as { port: number };
    const late = new HttpListeners({ tls: new TlsContexts({ dataFolder: folder, onTrouble: () => {} }), admit: echo, onTrouble: () => {} });
    try {
      await late.set({ host: "127.0.0.1", http: port, https: null });
      assert.deepEqual([late.listening, late.failures.map(({ kind }) => kind)], [[], ["listen"]]);
      assert.match(late.failures[0]?.why ?? "", /EADDRINUSE.*has it/);
      await new Promise((resolve) => blocker.close(resolve));
      assert.equal(await late.retry(), true);
      assert.deepEqual([late.listening, late.failures], [[`127.0.0.1:${port}`], []]);
    } finally {
      blocker.close();
      await late.close();
    }
  });

  it("gives development names a certificate of the local authority, and only those", async () => {
    const { path } = new LocalAuthority(folder);
    for (const name of ["localhost", "app.localhost", "api.shop.test", "db.internal"]) {
      const checked = await openssl(
        "s_client",
        "-connect",
        `127.0.0.1:${https()}`,
        "-servername",
        name,
        "-verify_hostname",
        name,
        "-CAfile",
        path,
        "-verify_return_error",
      );
      assert.match(checked.stdout, /Verify return code: 0 \(ok\)/, name);
    }
    assert.equal(await shake("test"), "ERR_SSL_TLSV1_UNRECOGNIZED_NAME");
    assert.deepEqual(troubles, []);
  });
});

describe("the local authority", () => {
  it("is made once by all who start at the same time, is renewed, and can sign nothing else", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tidegate-ca-"));
    try {
      const workers = Array.from({ length: 4 }, () => new LocalAuthority(folder));
      const leaves = await Promise.all(workers.map((worker) => worker.leaf("app.test")));
      assert.equal(new Set(leaves.map(({ fingerprint }) => fingerprint)).size, 1);
      assert.equal((await stat(join(folder, "local-ca", "ca.key"))).mode & 0o777, 0o600);
      const year = 370 * 86_400_000;
      const later = await new LocalAuthority(folder, () => Date.now() + year).leaf("app.test");
      assert.notEqual(later.fingerprint, leaves[0]?.fingerprint);
      const outside = await new LocalAuthority(folder).leaf("bank.example");
      await writeFile(join(folder, "outside.pem"), outside.chain);
      const refused = await openssl("verify", "-CAfile", join(folder, "local-ca", "ca.pem"), join(folder, "outside.pem"));
      assert.match(refused.stderr, /permitted subtree violation/);
      await writeFile(join(folder, "local-ca", "ca.pem"), `${CA}\n`);
      await assert.rejects(new LocalAuthority(folder).leaf("app.test"), /damaged or expired/);
      assert.deepEqual(
        (await readdir(folder)).filter((name) => name.includes("tmp")),
        [],
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("shares ticket keys, a new one every day", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tidegate-tickets-"));
    try {
      let now = Date.UTC(2030, 0, 1);
      const [one, other] = [new TicketKeys(folder, () => now), new TicketKeys(folder, () => now)];
      const [first, same] = await Promise.all([one.due(), other.due()]);
      assert.deepEqual(first, same);
      assert.equal(await one.due(), null);
      now += 86_400_000;
      assert.notDeepEqual(await one.due(), first);
      assert.equal((await readdir(join(folder, "tls-tickets"))).length, 1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
