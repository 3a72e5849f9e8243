/**
 * What outlives this process if it is ended halfway: servers, namespaces, mounts. Normally each is taken back by whoever made it;
 * this is for Ctrl-C, a timeout and a crash.
 */
import { rmSync } from "node:fs";

let listening = false;
const acts = new Set<() => void>();

/** Calls `act` when this process ends, unless disposed before. */
export function atExit(act: () => void): Disposable {
  listen();
  acts.add(act);
  return { [Symbol.dispose]: () => void acts.delete(act) };
}

/** The same for a folder. */
export function removeAtExit(folder: string): Disposable {
  return atExit(() => rmSync(folder, { recursive: true, force: true }));
}

// Private

function listen(): void {
  if (listening) return;
  listening = true;
  process.once("exit", () => acts.forEach((act) => act()));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
}
