/**
 * Network namespaces on one bridge: machines of their own, as far as a cable is concerned. Linux and root. The bridge has a namespace too, so that
 * this machine's packet filter, which Docker fills, does not see what passes over it.
 */
import { spawnSync } from "node:child_process";
import { atExit } from "./leftovers.ts";

/** Networks of this process so far. */
let opened = 0;

export class Network implements Disposable {
  readonly #id: string;
  readonly #names: string[] = [];
  readonly #leftover: Disposable = atExit(() => this.#remove());

  private constructor(id: string) {
    this.#id = id;
  }

  /** Why it is not possible here, or null. */
  static missing(): string | null {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return "network namespaces need Linux and root";
    const name = `tgtry${process.pid}`;
    const made = spawnSync("ip", ["netns", "add", name]).status === 0;
    if (made) spawnSync("ip", ["netns", "del", name]);
    return made ? null : "network namespaces are not permitted here";
  }

  /** A bridge, and a cable from it to this side with the address `gateway`. */
  static open(): Network {
    const network = new Network(`${process.pid}.${++opened}`);
    const [room, cable] = [network.#room, network.#cable];
    try {
      ip("netns", "add", room);
      ip("-n", room, "link", "add", BRIDGE, "type", "bridge");
      ip("-n", room, "link", "set", BRIDGE, "up");
      ip("link", "add", cable, "type", "veth", "peer", "name", "host", "netns", room);
      ip("-n", room, "link", "set", "host", "master", BRIDGE, "up");
      ip("addr", "add", `${network.gateway}/24`, "dev", cable);
      ip("link", "set", cable, "up");
    } catch (error) {
      network[Symbol.dispose]();
      throw error;
    }
    return network;
  }

  /** This side's address. The third number is the process' and the network's, so that two runs do not meet. */
  get gateway(): string {
    return this.#address(1);
  }

  /** A new machine on the bridge. */
  join(): Machine {
    const number = this.#names.length + 2;
    const name = `tg${this.#id}n${number}`;
    this.#names.push(name);
    const cable = `port${number}`;
    ip("netns", "add", name);
    ip("-n", this.#room, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name);
    ip("-n", this.#room, "link", "set", cable, "master", BRIDGE, "up");
    ip("-n", name, "addr", "add", `${this.#address(number)}/24`, "dev", "eth0");
    for (const device of ["lo", "eth0"]) ip("-n", name, "link", "set", device, "up");
    return new Machine(name, this.#address(number), this.#room, cable);
  }

  [Symbol.dispose](): void {
    this.#leftover[Symbol.dispose]();
    this.#remove();
  }

  #remove(): void {
    for (const name of [...this.#names, this.#room]) spawnSync("ip", ["netns", "del", name]);
    spawnSync("ip", ["link", "del", this.#cable]);
  }

  get #room(): string {
    return `tg${this.#id}b`;
  }

  get #cable(): string {
    return `tg${this.#id}h`.slice(0, 15);
  }

  #address(host: number): string {
    const [pid, serial] = this.#id.split(".").map(Number) as [number, number];
    return `10.213.${(pid * 7 + serial) % 250}.${host}`;
  }
}

export class Machine {
  readonly address: string;
  readonly #name: string;
  readonly #room: string;
  readonly #cable: string;

  constructor(name: string, address: string, room: string, cable: string) {
    this.#name = name;
    this.address = address;
    this.#room = room;
    this.#cable = cable;
  }

  /** Puts a program into this machine; it becomes the program itself. */
  get wrap(): readonly string[] {
    return ["ip", "netns", "exec", this.#name];
  }

  /** Neither direction passes any more; sockets on both sides do not notice. */
  unplug(): void {
    ip("-n", this.#room, "link", "set", this.#cable, "down");
  }

  plug(): void {
    ip("-n", this.#room, "link", "set", this.#cable, "up");
  }

  /** Half-open: what comes from there arrives here, but nothing goes back. */
  mute(address: string): void {
    ip("-n", this.#name, "route", "add", "blackhole", `${address}/32`);
  }

  unmute(address: string): void {
    ip("-n", this.#name, "route", "del", "blackhole", `${address}/32`);
  }
}

// Private

const BRIDGE = "bridge";

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")} failed: ${stderr}`);
}
