/** The one shape of everything with a lifetime: built by a wiring file, started once, stopped once. */
export interface Service {
  start(): void;
  stop(): Promise<void>;
}
