/**
 * The identity service: sign-ins of console and API, the machine's local accounts, and what each account has running.
 */
import { ownAccount, readAccounts } from "./machine/accounts.ts";
import type { Account } from "./machine/accounts.ts";
import { readProcesses } from "./machine/processes.ts";
import type { MachineProcess } from "./machine/processes.ts";
import type { Duty, Member, Publish, Role } from "./member.ts";
import type { SignIn, SignIns } from "./sign-ins.ts";

const LOOK_EVERY = 4_000;
const TICKS_PER_SECOND = 100;

export function identityRole(signIns: SignIns): Role {
  return { topic: "identity", listensTo: [], begin: (publish) => new Identity(publish, signIns) };
}

export interface Activity {
  readonly processes: number;
  /** Of its running processes; tenths of seconds. */
  readonly cpuSeconds: number;
}

/** Pure: what each uid has running. */
export function activityOf(processes: readonly MachineProcess[]): ReadonlyMap<number, Activity> {
  const byOwner = Map.groupBy(processes, ({ uid }) => uid);
  return new Map(
    [...byOwner].map(([uid, own]) => {
      const ticks = own.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0);
      return [uid, { processes: own.length, cpuSeconds: Math.floor((ticks / TICKS_PER_SECOND) * 10) / 10 }];
    }),
  );
}

class Identity implements Member {
  readonly duties: readonly Duty[] = [{ name: "accounts", every: LOOK_EVERY, run: () => this.#look() }];
  readonly #publish: Publish;
  readonly #signIns: SignIns;
  readonly #accounts = new Map<string, Account>();
  readonly #activity = new Map<string, Activity>();
  #missing: string[] = [];

  constructor(publish: Publish, signIns: SignIns) {
    this.#publish = publish;
    this.#signIns = signIns;
  }

  async open(): Promise<void> {
    this.#signIns.deliverTo((signIn) => this.#publishSignIn(signIn));
  }

  async close(): Promise<void> {
    this.#signIns.hold();
  }

  missing(): readonly string[] {
    return this.#missing;
  }

  async #publishSignIn({ kind, subject, at, via }: SignIn): Promise<void> {
    const type = { login: "user_login", logout: "user_logout", refused: "user_login_refused" }[kind];
    const priority = kind === "refused" ? "high" : "normal";
    await this.#publish(type, { subject, via, at }, { userId: subject, priority });
  }

  async #look(): Promise<void> {
    // Again, for those whose publish failed since the last look.
    this.#signIns.deliverTo((signIn) => this.#publishSignIn(signIn));
    const [listed, processes] = await Promise.all([readAccounts(), readProcesses()]);
    this.#missing = missingOf(listed, processes);
    const own = ownAccount();
    const accounts = (listed ?? []).some(({ uid }) => uid === own.uid) ? (listed ?? []) : [...(listed ?? []), own];
    await this.#compare(accounts);
    const activity = activityOf(processes ?? [ownProcess(own.uid)]);
    for (const account of accounts) await this.#compareActivity(account, activity.get(account.uid));
  }

  async #compare(accounts: readonly Account[]): Promise<void> {
    const present = new Set(accounts.map(({ name }) => name));
    for (const account of accounts) await this.#compareAccount(account);
    for (const account of [...this.#accounts.values()].filter(({ name }) => !present.has(name))) {
      await this.#publish("user_deleted", account, { userId: account.name });
      this.#accounts.delete(account.name);
    }
  }

  async #compareAccount(account: Account): Promise<void> {
    const before = this.#accounts.get(account.name);
    if (before?.uid === account.uid && before.shell === account.shell) return;
    await this.#publish(before === undefined ? "user_created" : "user_updated", account, { userId: account.name });
    this.#accounts.set(account.name, account);
  }

  async #compareActivity(account: Account, activity: Activity | undefined): Promise<void> {
    const before = this.#activity.get(account.name);
    if (activity === undefined || (before?.processes === activity.processes && before.cpuSeconds === activity.cpuSeconds)) return;
    await this.#publish(
      "user_updated",
      { name: account.name, uid: account.uid, ...activity, last_seen: Date.now() },
      { userId: account.name, priority: "low" },
    );
    this.#activity.set(account.name, activity);
  }
}

// Private

function missingOf(accounts: readonly Account[] | null, processes: readonly MachineProcess[] | null): string[] {
  const missing: string[] = [];
  if (accounts === null) missing.push("accounts other than ours skipped: no /etc/passwd");
  if (processes === null) missing.push("activity other than ours skipped: no readable /proc");
  return missing;
}

/** What is left to say where the machine shows no processes. */
function ownProcess(uid: number): MachineProcess {
  const { user, system } = process.cpuUsage();
  const cpuTicks = Math.floor(((user + system) / 1_000_000) * TICKS_PER_SECOND);
  return { pid: process.pid, name: "tidegate", uid, memory: process.memoryUsage.rss(), cpuTicks };
}
