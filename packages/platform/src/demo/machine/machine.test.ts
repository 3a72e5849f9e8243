import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAccounts } from "./accounts.ts";
import { parseMounts } from "./disks.ts";
import { parseListeners } from "./listeners.ts";
import { parsePackages } from "./packages.ts";
import { parseProcess } from "./processes.ts";

const STATUS = "Name:\tweb (a) b\nUmask:\t0022\nPid:\t42\nPPid:\t1\nTracerPid:\t0\nUid:\t1000\t0\t0\t0\nVmRSS:\t    2048 kB\n";
const STAT = "42 (web (a) b) S 1 42 42 0 -1 4194560 500 0 0 0 150 50 0 0 20 0 1 0 900 3000 512";

const PROCESSES: readonly [name: string, status: string, stat: string, expected: unknown][] = [
  ["a name with brackets and spaces", STATUS, STAT, { pid: 42, name: "web (a) b", uid: 1_000, memory: 2_097_152, cpuTicks: 200 }],
  ["a kernel thread without memory", STATUS.replace(/VmRSS.*\n/, ""), STAT, null],
  ["an unreadable shape", "", "", null],
  ["a cut-off stat line", STATUS, "42 (web", null],
];
for (const [name, status, stat, expected] of PROCESSES) {
  test(`parseProcess: ${name}`, () => assert.deepEqual(parseProcess(status, stat), expected));
}

const HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const rest = (uid: number): string => `00000000:00000000 00:00000000 00000000 ${uid}        0 167 1 0000000002543308 100 0 0 10 0\n`;
const ZERO = "0".repeat(32);
const LISTENERS: readonly [name: string, family: 4 | 6, line: string, expected: readonly unknown[]][] = [
  [
    "IPv4 loopback",
    4,
    `0: 0100007F:1F9A 00000000:0000 0A ${rest(1_000)}`,
    [{ family: 4, address: "127.0.0.1", port: 8_090, uid: 1_000, scope: "loopback" }],
  ],
  [
    "IPv4 wildcard",
    4,
    `0: 00000000:0016 00000000:0000 0A ${rest(0)}`,
    [{ family: 4, address: "0.0.0.0", port: 22, uid: 0, scope: "wildcard" }],
  ],
  [
    "one address",
    4,
    `0: 0A01A8C0:0050 00000000:0000 0A ${rest(0)}`,
    [{ family: 4, address: "192.168.1.10", port: 80, uid: 0, scope: "address" }],
  ],
  ["an established connection is no listener", 4, `0: 0100007F:1F9A 0100007F:C000 01 ${rest(0)}`, []],
  ["IPv6 wildcard", 6, `0: ${ZERO}:01BB ${ZERO}:0000 0A ${rest(0)}`, [{ family: 6, address: "::", port: 443, uid: 0, scope: "wildcard" }]],
  [
    "IPv6 loopback",
    6,
    `0: ${"0".repeat(24)}01000000:01BB ${ZERO}:0000 0A ${rest(0)}`,
    [{ family: 6, address: "::1", port: 443, uid: 0, scope: "loopback" }],
  ],
  [
    "mapped loopback",
    6,
    `0: 0000000000000000FFFF00000100007F:01BB ${ZERO}:0000 0A ${rest(0)}`,
    [{ family: 6, address: "::ffff:127.0.0.1", port: 443, uid: 0, scope: "loopback" }],
  ],
  [
    "a link-local address",
    6,
    `0: 000080FE00000000FF00FC0001000000:0050 ${ZERO}:0000 0A ${rest(0)}`,
    [{ family: 6, address: "fe80::fc:ff:0:1", port: 80, uid: 0, scope: "address" }],
  ],
  ["a broken line", 4, "0: zzz", []],
];
for (const [name, family, line, expected] of LISTENERS) {
  test(`parseListeners: ${name}`, () => assert.deepEqual(parseListeners(HEADING + line, family), expected));
}

test("parseAccounts: people and root, not daemons, nobody or broken lines", () => {
  const text =
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\nnobody:x:65534:65534::/:/bin/false\nmia:x:1000:1000::/home/mia:/bin/zsh\nbroken\n:x::\n";
  assert.deepEqual(parseAccounts(text), [
    { name: "root", uid: 0, shell: "/bin/bash" },
    { name: "mia", uid: 1_000, shell: "/bin/zsh" },
  ]);
});

test("parsePackages: installed ones only", () => {
  const text =
    "Package: a\nStatus: install ok installed\nVersion: 1.2-3\nDescription: x\n y\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\nPackage: b\nStatus: hold ok installed\nVersion: 2\n";
  assert.deepEqual(
    [...parsePackages(text)],
    [
      ["a", "1.2-3"],
      ["b", "2"],
    ],
  );
});

test("parseMounts: local file systems, a device once, escaped blanks", () => {
  const text =
    "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/sda1 /again ext4 rw 0 0\nhost:/x /nfs nfs4 rw 0 0\n/dev/sdb1 /my\\040disk xfs rw 0 0\n";
  assert.deepEqual(parseMounts(text), [
    { device: "/dev/sda1", path: "/", type: "ext4" },
    { device: "/dev/sdb1", path: "/my disk", type: "xfs" },
  ]);
});
