/** Notes down when a token was last used: to the minute, one write a minute for each, one after the other. A write that fails is left out. */
import type { Table } from "@tidegate/gateway";
import type { Token, TokenData } from "./token-data.ts";

const MINUTE = 60_000;

export class LastUse {
  readonly #table: Table<TokenData>;
  readonly #now: () => number;
  readonly #noted = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #writing: Promise<void> | null = null;

  constructor(table: Table<TokenData>, now: () => number) {
    this.#table = table;
    this.#now = now;
  }

  note({ name, data }: Token): void {
    const minute = this.#minute();
    if (Math.max(data.last_used_at ?? 0, this.#noted.get(name) ?? 0) >= minute) return;
    this.#noted.set(name, minute);
    this.#waiting.add(name);
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
  }

  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (const name of this.#waiting) {
      this.#waiting.delete(name);
      const last_used_at = this.#minute();
      const noted = this.#table.update(name, name, (data) => {
        return (data.last_used_at ?? 0) >= last_used_at ? null : { data: { ...data, last_used_at }, revision: false };
      });
      await noted.catch(() => {});
    }
  }

  #minute(): number {
    return Math.floor(this.#now() / MINUTE) * MINUTE;
  }
}
