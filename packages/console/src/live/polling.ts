/** What the WebSocket would have said, asked for by REST: used only while no WebSocket stands. */
import type {
  AlertsAnswer,
  LiveAlerts,
  LiveLogs,
  LiveMessages,
  LiveUpdate,
  LogQuery,
  LogsAnswer,
  MessagesAnswer,
  OrchestratorStatus,
  RedisMetrics,
  StreamsAnswer,
  StreamSummary,
} from "tidegate/contract";
import { api, queryOf } from "../api.ts";

export async function poll(previous: LiveUpdate | null): Promise<LiveUpdate> {
  const [answer, metrics, status] = await Promise.all([
    api<StreamsAnswer>("GET", "/api/streams"),
    api<RedisMetrics>("GET", "/api/metrics"),
    api<OrchestratorStatus>("GET", "/api/v1/orchestrator/status"),
  ]);
  const { dead_letter, ...rest } = answer;
  const streams = rest as Record<string, StreamSummary>;
  const at = Date.now();
  return { type: "update", at, streams, dead_letter, metrics, components: status.components, rates: ratesBetween(previous, streams, at) };
}

export async function pollTopic(topic: string): Promise<LiveMessages> {
  const answer = await api<MessagesAnswer>("GET", `/api/v1/messages${queryOf({ topic, limit: 50 })}`);
  return { type: "messages", topic, items: answer.items.toReversed(), skipped: 0 };
}

export async function pollLogs(query: LogQuery): Promise<LiveLogs> {
  const answer = await api<LogsAnswer>("GET", `/api/v1/logs/search${queryOf({ ...query, limit: 100 })}`);
  return { type: "logs", items: answer.logs, skipped: 0 };
}

export async function pollAlerts(): Promise<LiveAlerts> {
  const answer = await api<AlertsAnswer>("GET", "/api/v1/alerts");
  return { type: "alerts", active: answer.items };
}

/** Published: growth of `entries_added`. Answered: that growth minus what is still open in the groups. */
function ratesBetween(previous: LiveUpdate | null, streams: Record<string, StreamSummary>, at: number): LiveUpdate["rates"] {
  const seconds = previous ? Math.max(1, (at - previous.at) / 1000) : 1;
  const rates: LiveUpdate["rates"] = {};
  for (const [topic, stream] of Object.entries(streams)) {
    const before = previous?.streams[topic];
    const added = before ? Math.max(0, stream.entries_added - before.entries_added) : 0;
    const answered = before ? Math.max(0, added * stream.groups.length - (open(stream) - open(before))) : 0;
    rates[topic] = { published: added / seconds, consumed: answered / seconds };
  }
  return rates;
}

function open(stream: StreamSummary): number {
  return stream.groups.reduce((total, group) => total + group.lag + group.pending + group.retrying, 0);
}
