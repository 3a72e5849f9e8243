/**
 * What outlives this process if it is ended halfway: servers, namespaces, mounts. Normally each is taken back by whoever made it;
 * this is for Ctrl-C, a timeout and a crash.
 */
let listening = false;
const acts = new Set<() => void>();

/** Calls `act` when this process ends, unless disposed before. */
export function atExit(act: () => void): Disposable {
  listen();
  acts.add(act);
  return { [Symbol.dispose]: () => void acts.delete(act) };
}

// Private

function listen(): void {
  if (listening) return;
  listening = true;
  process.once("exit", () => acts.forEach((act) => act()));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
}
