import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { startBind, type Bind, type TsigKey } from "./bind.ts";

const REFUSED = 5;
const NOT_AUTHORISED = 9;

describe("startBind()", () => {
  it("answers for its zones, the delegation too, and leaves nothing behind", async () => {
    const bind = await startBind();
    try {
      assert.deepEqual(await bind.query(`www.${bind.zone}`, "A"), ["127.0.0.1"]);
      assert.deepEqual(await bind.query(bind.zone, "NS"), [`ns.${bind.zone}`]);
      assert.deepEqual(await bind.query(`_acme-challenge.${bind.delegated.name}`, "CNAME"), [bind.delegated.target]);
      assert.deepEqual(await bind.query(`_acme-challenge.${bind.zone}`, "TXT"), []);
    } finally {
      await bind[Symbol.asyncDispose]();
    }
    assert.throws(() => process.kill(bind.pid, 0), { code: "ESRCH" });
    assert.ok(!existsSync(bind.folder));
  });

  it("takes updates of its key, and of no other", async () => {
    await using bind = await startBind();
    const name = `_acme-challenge.${bind.zone}`;
    assert.equal(await update(bind, bind.zone, name, null), REFUSED);
    assert.equal(await update(bind, bind.zone, name, { ...bind.key, secret: "d3Jvbmc=" }), NOT_AUTHORISED);
    assert.deepEqual(await bind.query(name, "TXT"), []);
    assert.equal(await update(bind, bind.zone, name, bind.key), 0);
    assert.deepEqual(await bind.query(name, "TXT"), ["hello"]);
    assert.equal(await update(bind, bind.delegated.zone, bind.delegated.target, bind.key), 0);
    assert.deepEqual(await bind.query(bind.delegated.target, "TXT"), ["hello"]);
  });
});

/** Adds TXT "hello" (RFC 2136 §2, signed as RFC 8945 §4.2); answers the code of the reply. */
async function update({ port }: Bind, zone: string, name: string, key: TsigKey | null): Promise<number> {
  const record = Buffer.concat([wire(name), words(16, 1, 0, 60, 6), Buffer.of(5), Buffer.from("hello")]);
  const body = Buffer.concat([wire(zone), words(6, 1), record]);
  const message = (signatures: number): Buffer => Buffer.concat([words(7, 0x28_00, 1, 0, 1, signatures), body]);
  const socket = createSocket("udp4");
  try {
    socket.send(key === null ? message(0) : Buffer.concat([message(1), signature(message(0), key)]), port, "127.0.0.1");
    const [reply] = (await once(socket, "message", { signal: AbortSignal.timeout(5_000) })) as [Buffer];
    return (reply[3] ?? 0) & 0x0f;
  } finally {
    socket.close();
  }
}

function signature(message: Buffer, { name, algorithm, secret }: TsigKey): Buffer {
  const time = Buffer.alloc(8);
  time.writeUIntBE(Math.floor(Date.now() / 1_000), 0, 6);
  time.writeUInt16BE(300, 6);
  const variables = [wire(name), words(255, 0, 0), wire(algorithm), time, words(0, 0)];
  const mac = createHmac("sha256", Buffer.from(secret, "base64"))
    .update(Buffer.concat([message, ...variables]))
    .digest();
  const data = Buffer.concat([wire(algorithm), time, words(mac.length), mac, words(7, 0, 0)]);
  return Buffer.concat([wire(name), words(250, 255, 0, 0, data.length), data]);
}

function wire(name: string): Buffer {
  return Buffer.concat([...name.split(".").flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]), Buffer.of(0)]);
}

function words(...numbers: number[]): Buffer {
  return Buffer.concat(numbers.map((number) => Buffer.of(number >> 8, number & 0xff)));
}
