/**
 * What a person sees while `tidegate up` runs. At a terminal the table below the text is refreshed in place; elsewhere it is
 * printed once, and after that only changes of state are.
 */
import type { ComponentStatus } from "../contract.ts";
import { tableLines } from "./table.ts";
import type { TopicRow } from "./channel.ts";

export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

/** For `--json`, where stdout belongs to programs. */
export const NOWHERE: Output = { isTTY: false, write: () => true };

const CALM: readonly string[] = ["waiting", "starting", "healthy", "stopped"];

export class Screen {
  readonly #out: Output;
  #rows: readonly TopicRow[] = [];
  #components: readonly ComponentStatus[] = [];
  #troubled = new Set<string>();
  #drawn = 0;
  #printedOnce = false;
  #open = false;

  constructor(out: Output) {
    this.#out = out;
  }

  /** A line that stays; the table moves down below it. */
  line(text = ""): void {
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#draw();
  }

  done(text: string): void {
    this.line(this.#out.isTTY === true && (process.env["NO_COLOR"] ?? "") === "" ? `\u001b[32m✓\u001b[0m ${text}` : `✓ ${text}`);
  }

  /** From now on the table is shown. */
  openTable(): void {
    this.#open = true;
    this.#draw();
  }

  /** Leaves the last table standing. */
  closeTable(): void {
    this.#open = false;
    this.#drawn = 0;
  }

  topics(rows: readonly TopicRow[]): void {
    this.#rows = rows;
    if (this.#out.isTTY === true) {
      this.#erase();
      this.#draw();
    } else if (this.#open && !this.#printedOnce && rows.some((row) => row.messages > 0)) {
      this.#printedOnce = true;
      this.#out.write(`\n${tableLines(rows, 200).join("\n")}\n`);
    }
  }

  /** Trouble and its end become lines; `healthy → starting → healthy` of an orderly start does not. */
  components(components: readonly ComponentStatus[]): void {
    this.#components = components;
    for (const { name, state, detail } of components) {
      if (!CALM.includes(state) && !this.#troubled.has(name)) {
        this.#troubled.add(name);
        this.line(`! ${name} is ${state}${detail === null ? "" : `: ${detail}`}`);
      } else if (state === "healthy" && this.#troubled.delete(name)) this.done(`${name} is healthy again`);
    }
  }

  #draw(): void {
    if (!this.#open || this.#out.isTTY !== true || this.#drawn > 0) return;
    const room = Math.max(3, (this.#out.rows ?? 24) - 2);
    const lines = ["", ...this.#table(), `  ${this.#summary()}`].slice(0, room);
    this.#out.write(`${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  #table(): string[] {
    if (this.#rows.length === 0) return ["  no messages yet"];
    return tableLines(this.#rows, this.#out.columns ?? 80);
  }

  #summary(): string {
    const troubled = this.#components.filter((component) => component.state !== "healthy").map((component) => component.name);
    return troubled.length === 0 ? "all healthy · Ctrl-C stops" : `not healthy: ${troubled.join(", ")}`;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#out.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }
}
