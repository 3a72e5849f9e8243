/** dns-01 against a real name server: records written by signed updates, followed where they lead, waited for where they are served. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { startBind, type Bind } from "../../testing/acme/bind.ts";
import type { DnsHook } from "../authority.ts";
import { SYSTEM_CLOCK, type Clock } from "../clock.ts";
import { ExecWriter } from "./dns/exec.ts";
import { encodeMessage, TYPE } from "./dns/message.ts";
import { Propagation } from "./dns/propagation.ts";
import { DynamicUpdate } from "./dns/rfc2136.ts";
import { DnsSolver, txtValue } from "./dns.ts";

type Update = Extract<DnsHook, { kind: "rfc2136" }>;

const NEVER = new AbortController().signal;
const HASTY: Clock = { now: () => SYSTEM_CLOCK.now(), sleep: (milliseconds, signal) => SYSTEM_CLOCK.sleep(milliseconds / 20, signal) };

describe("dns-01 with a real name server", { concurrency: false }, () => {
  let bind: Bind;
  const troubles: string[] = [];
  before(async () => {
    bind = await startBind();
  });
  after(() => bind[Symbol.asyncDispose]());

  const hook = (some: Partial<Update> = {}): Update => {
    const { port, key } = bind;
    return { kind: "rfc2136", server: "127.0.0.1", port, zone: null, key, ...some };
  };
  const propagation = (clock = HASTY): Propagation => new Propagation({ clock, resolvers: [`127.0.0.1:${bind.port}`], port: bind.port });
  const solver = (some: Partial<Update> = {}): DnsSolver =>
    new DnsSolver({
      writer: new DynamicUpdate(hook(some), SYSTEM_CLOCK),
      propagation: propagation(),
      onTrouble: (text) => troubles.push(text),
    });
  const proof = (domain: string, token: string) => ({ domain, token, keyAuthorization: `${token}.thumbprint` });
  const shown = (name: string): Promise<string[]> => bind.query(name, "TXT");

  it("a wildcard and its apex have a value each, of one name; each is taken away alone", async () => {
    const dns = solver();
    const [apex, wildcard] = [proof("app.example.test", "one"), proof("app.example.test", "two")];
    const name = "_acme-challenge.app.example.test";
    await Promise.all([dns.present(apex, NEVER), dns.present(wildcard, NEVER)]);
    const values = [apex, wildcard].map(({ keyAuthorization }) => txtValue(keyAuthorization));
    assert.deepEqual(new Set(await shown(name)), new Set(values));
    await dns.clean(apex);
    assert.deepEqual(await shown(name), [values[1]]);
    await Promise.all([dns.clean(wildcard), dns.clean(wildcard)]);
    assert.deepEqual([await shown(name), troubles], [[], []]);
  });

  it("where the name is delegated, the record is written where it leads, and followed there", async () => {
    const dns = solver({ zone: bind.delegated.zone });
    const one = proof(bind.delegated.name, "led");
    await dns.present(one, NEVER);
    assert.deepEqual(await shown(bind.delegated.target), [txtValue(one.keyAuthorization)]);
    await dns.clean(one);
    assert.deepEqual(await shown(bind.delegated.target), []);
  });

  it("says why the server refuses, and what to compare", async () => {
    const record = { name: "_acme-challenge.app.example.test", value: "value" };
    const refused = async (some: Partial<Update>, at = record): Promise<[string, string]> => {
      const error = await new DynamicUpdate(hook(some), SYSTEM_CLOCK).present(at, NEVER).catch((one: unknown) => one);
      const { code, message, hint } = error as { code: string; message: string; hint: string };
      assert.equal(code, "CHALLENGE_FAILED", String(error));
      assert.ok(!message.includes(bind.key.secret));
      return [message, hint];
    };
    const zone = bind.zone;
    const other = Buffer.alloc(32, 1).toString("base64");
    assert.match((await refused({ zone, key: { ...bind.key, secret: other } })).join(" "), /BADSIG.*secret/s);
    assert.match((await refused({ zone, key: { ...bind.key, name: "nobody" } })).join(" "), /BADKEY.*no key of this name/s);
    assert.match((await refused({ zone, key: { ...bind.key, algorithm: "hmac-sha512" } })).join(" "), /BADKEY/);
    assert.match((await refused({ zone, key: null })).join(" "), /REFUSED.*update-policy/s);
    assert.match((await refused({ zone: "other.test" }))[0], /is not in the zone other.test/);
    assert.match((await refused({ zone: "test" })).join(" "), /NOTAUTH.*primary/s);
    assert.match((await refused({}, { ...record, name: "_acme-challenge.elsewhere.example" })).join(" "), /REFUSED|no zone/);
    assert.match((await refused({ port: 1 }))[0], /ECONNREFUSED/);
    assert.match((await lateUpdate(hook({ zone }))).join(" "), /BADTIME.*clocks/s);
    assert.deepEqual(await shown(record.name), []);
  });

  it("believes no answer that is not signed", async () => {
    const server = createServer((socket) => {
      socket.once("data", (asked) => {
        // The same message as an answer, without our signature.
        const { length } = encodeMessage({ id: 0, flags: 0, questions: [{ name: bind.zone, type: TYPE.SOA }] });
        const answer = Buffer.concat([Buffer.from([0, length]), asked.subarray(2, 2 + length)]);
        answer.set([0xa8, 0, 0, 1, 0, 0, 0, 0, 0, 0], 4);
        socket.end(answer);
      });
    });
    try {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const forged = new DynamicUpdate(hook({ port, zone: bind.zone }), SYSTEM_CLOCK);
      const record = { name: "_acme-challenge.app.example.test", value: "value" };
      await assert.rejects(forged.present(record, NEVER), /not signed with our key/);
      await new DynamicUpdate(hook({ port, zone: bind.zone, key: null }), SYSTEM_CLOCK).present(record, NEVER);
    } finally {
      server.close();
    }
  });

  it("what cannot be taken away is told, and never an error", async () => {
    const told: string[] = [];
    const dns = new DnsSolver({ writer: new ExecWriter("/bin/false"), propagation: propagation(), onTrouble: (text) => told.push(text) });
    const one = proof("app.example.test", "three");
    await dns.clean(one);
    assert.deepEqual(told, []);
    await assert.rejects(dns.present(one, NEVER), { code: "CHALLENGE_FAILED" });
    await dns.clean(one);
    assert.match(
      told.join(),
      /_acme-challenge.app.example.test of a challenge for app.example.test may still be there: \/bin\/false clean/,
    );
  });

  it("waits until the value is there, and says who does not show it", async () => {
    const record = { name: "_acme-challenge.late.example.test", value: "late" };
    const writer = new DynamicUpdate(hook(), SYSTEM_CLOCK);
    await assert.rejects(propagation(leaping()).seen(record, NEVER), (error: Error) => {
      return /_acme-challenge.late.example.test was written, but .* ns.example.test answer without it/.test(error.message);
    });
    const seen = propagation().seen(record, NEVER);
    await writer.present(record, NEVER);
    await seen;
    // A value that another order left there is none of ours.
    await assert.rejects(propagation(leaping()).seen({ ...record, value: "other" }, NEVER), { code: "CHALLENGE_FAILED" });
    const left = new AbortController();
    const given = propagation().seen({ ...record, value: "other" }, left.signal);
    left.abort(new Error("enough"));
    await assert.rejects(given, /enough/);
    await writer.clean(record, NEVER);
  });

  it("goes on without a server that answers nobody, when another shows the value; never without one", async () => {
    const record = { name: "_acme-challenge.www.example.test", value: "value" };
    await new DynamicUpdate(hook(), SYSTEM_CLOCK).present(record, NEVER);
    const [here, nowhere] = [`127.0.0.1:${bind.port}`, "127.0.0.1:1"];
    await new Propagation({ clock: HASTY, nameServers: [here, nowhere] }).seen(record, NEVER);
    // Nobody in charge can be asked from here: the resolvers are believed, for what they show.
    await new Propagation({ clock: HASTY, nameServers: [nowhere], resolvers: [here] }).seen(record, NEVER);
    const other = { ...record, value: "other" };
    await assert.rejects(
      new Propagation({ clock: leaping(), nameServers: [nowhere], resolvers: [here] }).seen(other, NEVER),
      /answer without it/,
    );
    await assert.rejects(new Propagation({ clock: HASTY, resolvers: [nowhere] }).recordName("www.example.test", NEVER), /No resolver/);
    await assert.rejects(propagation().seen({ ...record, name: "_acme-challenge.elsewhere.example" }, NEVER), { code: "CHALLENGE_FAILED" });
  });

  it("an answer over UDP that somebody else made up is not believed", async () => {
    const forger = createSocket("udp4");
    try {
      forger.bind(0, "127.0.0.1");
      await once(forger, "listening");
      forger.on("message", (asked, from) => {
        const wrong = Buffer.from(asked);
        wrong.writeUInt16BE((asked.readUInt16BE(0) + 1) & 0xffff, 0);
        wrong[2] = 0x84;
        forger.send(wrong, from.port, from.address);
        forger.send(Buffer.from("no message"), from.port, from.address);
      });
      const port = forger.address().port;
      await assert.rejects(
        new Propagation({ clock: HASTY, resolvers: [`127.0.0.1:${port}`] }).recordName("www.example.test", NEVER),
        /ECONNREFUSED/,
      );
    } finally {
      forger.close();
    }
  });
});

// Private

/** Two minutes are over after some rounds. */
function leaping(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
      await Promise.resolve();
    },
  };
}

/** Signed an hour ago. */
async function lateUpdate(hook: Update): Promise<string[]> {
  const clock: Clock = { ...SYSTEM_CLOCK, now: () => SYSTEM_CLOCK.now() - 3_600_000 };
  const record = { name: "_acme-challenge.app.example.test", value: "value" };
  const error = (await new DynamicUpdate(hook, clock).present(record, NEVER).catch((one: unknown) => one)) as {
    message: string;
    hint: string;
  };
  return [error.message, error.hint];
}
