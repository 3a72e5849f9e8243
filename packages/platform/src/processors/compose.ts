/** The processors of logs, events and aggregates, wired: each is a component, and what it knows is asked through `Observation`. */
import type { Component } from "../orchestrator/component.ts";
import type { ProcessorStatus } from "../contract.ts";
import { AlertManager } from "./alerts/alert-manager.ts";
import type { Alerts } from "./alerts/alerts.ts";
import { Aggregates } from "./aggregates/aggregates.ts";
import type { ProcessorContext } from "./context.ts";
import { LogIndex } from "./logs/log-index.ts";
import type { Logs } from "./logs/logs.ts";
import { MetricsProcessor } from "./metrics/metrics-processor.ts";
import type { Metrics } from "./metrics/metrics-store.ts";
import { Pages } from "./pages.ts";
import { MetricsView } from "./metrics/metrics-view.ts";

/** What REST, live channel and CLI ask. */
export interface Observation {
  processors(): Promise<ProcessorStatus[]>;
  /** Throws CLOSED while the log index does not run. */
  readonly logs: Logs;
  readonly metrics: Metrics;
  /** Throws CLOSED while the alert manager does not run. */
  readonly alerts: Alerts;
}

export interface ComposedProcessors {
  /** In the order of their starts; all need `streams` and `leader`. */
  readonly components: readonly Component[];
  readonly observation: Observation;
}

export function composeProcessors(given: ProcessorContext): ComposedProcessors {
  const context = { ...given, pages: new Pages() };
  const logIndex = new LogIndex(context);
  const aggregates = new Aggregates(context);
  const metrics = new MetricsProcessor(context);
  const processors = async (): Promise<ProcessorStatus[]> =>
    (await Promise.all([metrics.statuses(), logIndex.status(), alertManager.status()])).flat();
  const view = new MetricsView(context, processors, () => metrics.delay.counts());
  const alertManager = new AlertManager({ context, metrics: view });
  return {
    components: [aggregates, metrics, logIndex, alertManager],
    observation: {
      processors,
      metrics: view,
      get logs() {
        return logIndex.logs;
      },
      get alerts() {
        return alertManager.alerts;
      },
    },
  };
}
