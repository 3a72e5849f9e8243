import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { chooseEdgePorts, edgeUrls } from "./edge-ports.ts";

const WISH = {
  edgeHost: "127.0.0.1",
  httpPort: 0,
  httpsPort: 0,
  edgeChosen: { host: false, http: false, https: false },
  production: false,
  edgeWorkers: 1,
};

describe("chooseEdgePorts", () => {
  it("takes two free ports for 0, and nothing without workers", async () => {
    const { httpPort, httpsPort } = await chooseEdgePorts(WISH, () => {});
    assert.ok(httpPort > 0 && httpsPort > 0 && httpPort !== httpsPort);
    assert.equal((await chooseEdgePorts({ ...WISH, edgeWorkers: 0 }, () => {})).httpPort, 0);
  });

  it("goes round a port another program shares with its own, unless that was asked for", async () => {
    const server = createServer();
    server.listen({ host: "127.0.0.1", port: 0, reusePort: process.platform === "linux" });
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      const lines: string[] = [];
      const wish = { ...WISH, httpPort: port };
      const { httpPort } = await chooseEdgePorts(wish, (line) => lines.push(line));
      assert.notEqual(httpPort, port);
      assert.match(lines.join("\n"), new RegExp(`Port ${port} is in use by .*, so the edge takes ${httpPort} for HTTP`));
      const taken = { code: "PORT_IN_USE", message: /meant for HTTP, is in use by/, hint: /HTTP_PORT/ };
      await assert.rejects(
        chooseEdgePorts({ ...wish, edgeChosen: { ...WISH.edgeChosen, http: true } }, () => {}),
        taken,
      );
      await assert.rejects(
        chooseEdgePorts({ ...wish, production: true }, () => {}),
        taken,
      );
    } finally {
      server.close();
    }
  });

  it("says that an address is not of this machine", async () => {
    const elsewhere = chooseEdgePorts({ ...WISH, edgeHost: "192.0.2.1" }, () => {});
    await assert.rejects(elsewhere, { code: "INVALID_SETTING", message: /192\.0\.2\.1 port 0 for HTTP: EADDRNOTAVAIL/ });
  });

  it("names it as people type it", () => {
    assert.deepEqual(edgeUrls({ edgeHost: "::", httpPort: 80, httpsPort: 443 }), ["http://localhost", "https://localhost"]);
    assert.deepEqual(edgeUrls({ edgeHost: "fd00::1", httpPort: 8080, httpsPort: 8443 }), [
      "http://[fd00::1]:8080",
      "https://[fd00::1]:8443",
    ]);
  });
});
