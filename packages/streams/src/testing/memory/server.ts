/**
 * A Redis in memory: connections, one command after the other, blocked readers woken when their keys change.
 * Its time is the virtual clock's. It does not keep anything: no files, no replicas, one database.
 */
import type { VirtualClock } from "./virtual-clock.ts";
import { ErrorReply, Waiting, type Answer } from "./answers.ts";
import { wrongCount, type Context, type ServerFace } from "./command.ts";
import { COMMANDS } from "./commands/all.ts";
import { Database, type Dialect } from "./database.ts";
import type { Fault, Faults } from "./faults.ts";
import { sha1, type LuaEngine } from "./scripting.ts";
import { ServerConnection } from "./server-connection.ts";

export interface MemoryServerOptions {
  readonly clock: VirtualClock;
  readonly lua: LuaEngine;
  readonly faults: Faults;
  readonly replicas: number;
  readonly dialect: Dialect;
}

interface Blocked {
  readonly connection: ServerConnection;
  readonly waiting: Waiting;
  readonly finish: (answer: Answer) => void;
}

export class MemoryServer implements ServerFace {
  readonly db: Database;
  readonly replicas: number;
  readonly #options: MemoryServerOptions;
  readonly #connections = new Set<ServerConnection>();
  readonly #scripts = new Set<string>();
  #blocked: Blocked[] = [];
  #lastClient = 0;

  constructor(options: MemoryServerOptions) {
    this.#options = options;
    this.replicas = options.replicas;
    this.db = new Database(options.dialect, () => options.clock.wall());
  }

  get uptime(): number {
    return this.#options.clock.now();
  }

  /** `dropped` is told when the server ends the connection. */
  connect(name: string, dropped: () => void): ServerConnection {
    const options = this.#options;
    const connection = new ServerConnection(++this.#lastClient, name, {
      execute: (args) => this.#run(connection, args, options.faults.next(args)),
      dropped,
      gone: () => this.#forget(connection),
    });
    this.#connections.add(connection);
    return connection;
  }

  /** A connection of the test's own: no fault befalls it. */
  connectSafely(): ServerConnection {
    const connection: ServerConnection = new ServerConnection(++this.#lastClient, "", {
      execute: (args) => this.#run(connection, args, null),
      dropped: () => {},
      gone: () => {},
    });
    return connection;
  }

  /** Ends every connection, as a restart or a broken network does. */
  dropAll(): void {
    for (const connection of this.#connections) connection.drop();
  }

  close(): void {
    this.#options.lua.close();
  }

  flush(): void {
    this.db.flush();
    this.#serve();
  }

  clients(): readonly ServerConnection[] {
    return [...this.#connections];
  }

  unblock(id: number, error: boolean): boolean {
    const blocked = this.#blocked.find(({ connection }) => connection.id === id);
    blocked?.finish(error ? new ErrorReply("UNBLOCKED client unblocked via CLIENT UNBLOCK") : null);
    return blocked !== undefined;
  }

  kill(id: number): boolean {
    const found = this.clients().find((connection) => connection.id === id);
    found?.drop();
    return found !== undefined;
  }

  knows(command: string): boolean {
    return COMMANDS[command.toUpperCase()] !== undefined;
  }

  loadScript(text: string): string {
    const sha = sha1(text);
    if (!this.#scripts.has(sha)) this.#options.lua.compile(sha, text);
    this.#scripts.add(sha);
    return sha;
  }

  hasScript(sha: string): boolean {
    return this.#scripts.has(sha);
  }

  forgetScripts(): void {
    this.#scripts.clear();
  }

  evaluate(sha: string, keys: readonly string[], args: readonly string[], context: Context): Answer {
    return this.#options.lua.run(sha, keys, args, (command) => {
      const answer = this.#perform(command, context);
      return answer instanceof Waiting ? null : answer;
    });
  }

  // Private

  async #run(connection: ServerConnection, args: readonly string[], fault: Fault | null): Promise<Answer> {
    const { clock } = this.#options;
    clock.noteActivity();
    if (fault !== null) {
      await fault.hold;
      if (fault.delay > 0) await new Promise<void>((resolve) => clock.after(fault.delay, resolve));
      if (connection.closed) return null;
      if (fault.error !== null) return new ErrorReply(fault.error);
      if (fault.cut !== null) this.#options.faults.refuse(fault.downFor);
      if (fault.cut === "before") return connection.drop();
    }
    const answer = this.#answer(connection, args);
    if (fault?.cut === "after") return connection.drop();
    return await answer;
  }

  /** Runs now; a block answers later. */
  #answer(connection: ServerConnection, args: readonly string[]): Answer | Promise<Answer> {
    let answer: Answer | Waiting;
    try {
      answer = this.#perform(args, { db: this.db, client: connection, server: this });
    } catch (error) {
      if (!(error instanceof ErrorReply)) throw error;
      answer = error;
    }
    this.#serve();
    return answer instanceof Waiting ? this.#block(connection, answer) : answer;
  }

  #perform(args: readonly string[], context: Context): Answer | Waiting {
    const [name = "", ...rest] = args;
    const command = COMMANDS[name.toUpperCase()];
    if (command === undefined) throw new ErrorReply(`ERR unknown command '${name}' (the in-memory double does not have it)`);
    if (rest.length < command.takes[0] || rest.length > command.takes[1]) throw wrongCount(name);
    return command.run(rest, context);
  }

  #block(connection: ServerConnection, waiting: Waiting): Promise<Answer> {
    return new Promise((resolve) => {
      const finish = (answer: Answer): void => {
        cancel();
        this.#blocked = this.#blocked.filter((one) => one !== blocked);
        this.#options.clock.noteActivity();
        resolve(answer);
      };
      const timedOut = (): void => finish(waiting.keys.length === 0 ? waiting.again() : null);
      const cancel = waiting.timeout === 0 ? () => {} : this.#options.clock.after(waiting.timeout, timedOut);
      const blocked = { connection, waiting, finish };
      this.#blocked.push(blocked);
    });
  }

  /** Blocked readers of changed keys look again, the longest waiting first. */
  #serve(): void {
    const changed = this.db.takeChanged();
    if (changed.size === 0) return;
    for (const blocked of this.#blocked) {
      if (!blocked.waiting.keys.some((key) => changed.has(key))) continue;
      const answer = looked(blocked.waiting);
      if (answer !== null) blocked.finish(answer);
    }
  }

  #forget(connection: ServerConnection): void {
    this.#connections.delete(connection);
    for (const blocked of this.#blocked) if (blocked.connection === connection) blocked.finish(null);
  }
}

function looked(waiting: Waiting): Answer {
  try {
    return waiting.again();
  } catch (error) {
    if (error instanceof ErrorReply) return error;
    throw error;
  }
}
