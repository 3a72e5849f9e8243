/** What of the gateway is started and stopped. The shape of everything the orchestrator runs, so that neither knows the other. */
export interface Part {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  stop(signal: AbortSignal): Promise<void>;
  health(): { readonly healthy: boolean; readonly detail?: string };
}
