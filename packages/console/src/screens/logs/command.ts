/** The search as a command to keep. */
import { quoted } from "../../shell.ts";
import { queryOfFilter, type LogFilter } from "./log-filter.ts";

export function commandOf(filter: LogFilter, following: boolean): string {
  const { q, ...flags } = queryOfFilter(filter);
  const options = Object.entries(flags).map(([name, value]) => `--${name} ${quoted(String(value))}`);
  const text = q === undefined ? [] : [`--text ${quoted(q)}`];
  return ["npx tidegate log", following ? "follow" : "search", ...options, ...text].join(" ");
}
