/**
 * When a person or a system wants this process to end. The first signal asks for an orderly stop, a second one for an immediate
 * one. npm and our own launcher pass a Ctrl-C on that the terminal has sent already, so signals within half a second are one.
 */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const SAME_WISH = 500;

export interface StopRequest extends Disposable {
  /** Resolves with the first signal's name, or `disconnect` when the program that started us vanished. */
  readonly asked: Promise<string>;
  /** Resolves when asked again. */
  readonly insisted: Promise<void>;
}

export function listenForStop(): StopRequest {
  const asked = Promise.withResolvers<string>();
  const insisted = Promise.withResolvers<void>();
  let first: number | null = null;
  const onSignal = (name: string): void => {
    if (first === null) {
      first = performance.now();
      asked.resolve(name);
    } else if (performance.now() - first > SAME_WISH) insisted.resolve();
  };
  const onDisconnect = (): void => onSignal("disconnect");
  for (const signal of SIGNALS) process.on(signal, onSignal);
  if (process.channel !== undefined && process.channel !== null) process.on("disconnect", onDisconnect);
  return {
    asked: asked.promise,
    insisted: insisted.promise,
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      process.off("disconnect", onDisconnect);
    },
  };
}
