import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { hasDesktop, parseConfig } from "./config.ts";

describe("parseConfig", () => {
  let folder = "";
  before(() => (folder = mkdtempSync(join(tmpdir(), "tidegate-config-"))));
  after(() => rmSync(folder, { recursive: true }));

  const settings = (text: string): void => writeFileSync(join(folder, "tidegate.config.json"), text);

  it("takes a flag before the environment, that before the file, that before the default", () => {
    settings('{ "port": 3, "refreshInterval": 7, "workers": 9 }');
    const config = parseConfig({ port: "1" }, { MONITOR_PORT: "2", REFRESH_INTERVAL: "6" }, folder);
    assert.deepEqual([config.port, config.refreshInterval, config.workers, config.maxRetries], [1, 6, 9, 3]);
  });

  it("takes an empty variable as unset", () => {
    settings("{}");
    const config = parseConfig({}, { MONITOR_PORT: "", TIDEGATE_NAMESPACE: " ", TIDEGATE_DATA: "" }, folder);
    assert.deepEqual([config.port, config.namespace, config.dataFolder], [8090, "tidegate", join(folder, ".tidegate")]);
  });

  it("trusts no proxy unless told, and takes a list in either form", () => {
    settings('{ "trustedProxies": ["192.0.2.7", "fd00::/8"] }');
    assert.deepEqual(parseConfig({}, {}, folder).trustedProxies, ["192.0.2.7/32", "fd00::/8"]);
    assert.deepEqual(parseConfig({}, { EDGE_TRUSTED_PROXIES: "10.0.0.0/8,::1" }, folder).trustedProxies, ["10.0.0.0/8", "::1/128"]);
    settings("{}");
    assert.deepEqual(parseConfig({}, {}, folder).trustedProxies, []);
  });

  it("puts the data folder where the user typed, not where npm went", () => {
    assert.equal(parseConfig({}, { INIT_CWD: folder }, "/").dataFolder, join(folder, ".tidegate"));
  });

  it("gives the demo its namespace unless one is set", () => {
    assert.equal(parseConfig({ demo: true }, {}, folder).namespace, "opsconductor");
    assert.equal(parseConfig({ demo: true }, { TIDEGATE_NAMESPACE: "mine" }, folder).namespace, "mine");
  });

  it("opens the front door to other machines only in production", () => {
    settings("{}");
    const edge = (config: ReturnType<typeof parseConfig>): unknown[] => [
      config.edgeHost,
      config.httpPort,
      config.httpsPort,
      config.edgeChosen,
    ];
    const nothing = { host: false, http: false, https: false };
    assert.deepEqual(edge(parseConfig({}, {}, folder)), ["127.0.0.1", 8080, 8443, nothing]);
    assert.deepEqual(edge(parseConfig({ production: true }, {}, folder)), ["::", 80, 443, nothing]);
    settings('{ "production": true, "httpPort": 8000 }');
    const asked = parseConfig({}, { EDGE_HOST: "10.0.0.1", HTTPS_PORT: "0" }, folder);
    assert.deepEqual(edge(asked), ["10.0.0.1", 8000, 0, { host: true, http: true, https: false }]);
  });

  const wrong: [string, Record<string, string>, RegExp, RegExp][] = [
    ["a port out of range", { MONITOR_PORT: "70000" }, /MONITOR_PORT.*"70000"/, /0 to 65535/],
    ["a port that is no number", { REDIS_PORT: "six" }, /REDIS_PORT.*"six"/, /0 to 65535/],
    ["a negative number", { MAX_RETRIES: "-1" }, /MAX_RETRIES.*"-1"/, /0 to 1000/],
    [
      "a weak encryption key",
      { TIDEGATE_ENCRYPTION_KEY: "hunter2" },
      /TIDEGATE_ENCRYPTION_KEY is wrong: found a text of 7 characters/,
      /openssl/,
    ],
    ["no workers", { PROCESSOR_WORKERS: "0" }, /PROCESSOR_WORKERS/, /1 to/],
    ["an unknown level", { LOG_LEVEL: "loud" }, /LOG_LEVEL.*"loud"/, /debug, info, warn, error/],
    [
      "an address that is no Redis', without its password",
      { REDIS_STREAMS_URL: "http://u:secret@host" },
      /REDIS_STREAMS_URL.*"http:\/\/\*\*\*@host"/,
      /redis:\/\/host/,
    ],
    [
      "a proxy that is no network",
      { EDGE_TRUSTED_PROXIES: "10.0.0.0/8, proxy.test" },
      /EDGE_TRUSTED_PROXIES.*"proxy\.test"/,
      /10\.0\.0\.0\/8/,
    ],
    ["everybody as a trusted proxy", { EDGE_TRUSTED_PROXIES: "0.0.0.0/0" }, /EDGE_TRUSTED_PROXIES.*"0\.0\.0\.0\/0"/, /not all/],
    ["every IPv4 address in IPv6's clothes", { EDGE_TRUSTED_PROXIES: "::ffff:0:0/96" }, /EDGE_TRUSTED_PROXIES/, /not all/],
    ["a namespace with capitals", { TIDEGATE_NAMESPACE: "Ops" }, /TIDEGATE_NAMESPACE.*"Ops"/, /a-z/],
  ];
  for (const [name, env, message, hint] of wrong) {
    it(`refuses ${name}, naming the variable, what was found and what is allowed`, () => {
      settings("{}");
      assert.throws(() => parseConfig({}, env, folder), { code: "INVALID_SETTING", exitCode: 2, message, hint });
    });
  }

  it("refuses a settings file with a mistyped name or broken JSON", () => {
    settings('{ "prot": 1 }');
    assert.throws(() => parseConfig({}, {}, folder), { message: /unknown setting "prot"/ });
    settings("{ port: 1 }");
    assert.throws(() => parseConfig({}, {}, folder), { code: "INVALID_SETTING", message: /tidegate\.config\.json cannot be read/ });
  });
});

describe("hasDesktop", () => {
  it("is where a display is", () => {
    assert.deepEqual([hasDesktop({}, "linux"), hasDesktop({ DISPLAY: ":0" }, "linux"), hasDesktop({}, "darwin")], [false, true, true]);
  });
});
