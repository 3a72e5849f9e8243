/** A Python program as a test sees it: what it printed, line by line, and its end. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { probe, type Probe } from "../../packages/streams/src/testing/events.ts";

type Environment = Readonly<Record<string, string>>;

export class PythonProgram implements AsyncDisposable {
  readonly lines: Probe<Record<string, unknown>> = probe();
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #complaint = "";

  /** A block of docs/guides/python.md, by the name in its first line. */
  static async ofPage(name: string, env: Environment): Promise<PythonProgram> {
    const page = await readFile(new URL("../../docs/guides/python.md", import.meta.url), "utf8");
    const text = [...page.matchAll(/```python\n(.+?)```\n/gs)].map((block) => block[1] ?? "").find((one) => one.startsWith(`# ${name}\n`));
    if (text === undefined) throw new Error(`docs/guides/python.md has no block ${name}`);
    return new PythonProgram(["-c", text], env);
  }

  static ofFile(name: string, env: Environment): PythonProgram {
    return new PythonProgram([new URL(name, import.meta.url).pathname], env);
  }

  private constructor(args: readonly string[], env: Environment) {
    const program = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
    this.#child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.#complaint += chunk.toString()));
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on("line", (line) => this.#line(line));
    this.#ended = once(this.#child, "close").then(([code]) => code as number | null);
    this.#ended.catch((error: Error) => (this.#complaint += error.message));
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Rejects with what Python said when it failed. */
  async end(): Promise<void> {
    const code = await this.#ended.catch(() => -1);
    if (code === 0) return;
    const hint = this.#complaint.includes("No module named 'redis'") ? "Install redis-py: apt-get install python3-redis\n" : "";
    throw new Error(`${hint}Python ended with ${String(code)}:\n${this.#complaint}`);
  }

  /** So many lines; a program that failed says why instead of letting the test wait. */
  async prints(count: number): Promise<Record<string, unknown>[]> {
    const failed = this.#ended.then((code) => (code === 0 || code === null ? this.lines.reaches(count, 1_000) : this.end().then(() => [])));
    return await Promise.race([this.lines.reaches(count), failed]);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.#ended.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #line(line: string): void {
    try {
      this.lines.add(JSON.parse(line) as Record<string, unknown>);
    } catch {
      this.#complaint += `${line}\n`;
    }
  }
}
