export { connect } from "./open.ts";
export { ERROR_CODES, NotReplicated, PublishUnknown, RetryAfter, TidegateError, Unrecoverable } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { PRIORITIES } from "./message/message.ts";
export { newMessageId } from "./message/message-id.ts";
export type { AttemptRecord, Message, OutgoingMessage, Priority } from "./message/message.ts";
export { defineTopic } from "./message/contract.ts";
export type { EventSchemas, MessageOf, OutgoingOf, TopicContract } from "./message/contract.ts";
export { findInstance } from "./config.ts";
export type { InstanceFile } from "./config.ts";
export { openStore } from "./open-store.ts";
export { Lease } from "./lease.ts";
export type { LeaseOptions } from "./lease.ts";
export { defineScript } from "./store.ts";
export type { Reply, Script, Store } from "./store.ts";
export { EVENTS, EVENT_TYPES, isEventType, kindOf } from "./telemetry/events.ts";
export type { EventData, EventEntry, EventKind, EventType } from "./telemetry/events.ts";
export type { TelemetryOptions } from "./telemetry/options.ts";
export { readRecord } from "./telemetry/record.ts";
export type { HttpFields, LogType, TelemetryRecord } from "./telemetry/record.ts";
export { LEVELS } from "./telemetry/telemetry.ts";
export type {
  Attributes,
  AuditRecord,
  EndedSpan,
  Fields,
  LazyFields,
  Level,
  LogControl,
  Logger,
  LogSettings,
  RequestRecord,
  ResponseRecord,
  Span,
  SpanIds,
  SpanKind,
  SpanOptions,
  SpanPhase,
  SpanRecord,
  SpanStatus,
  Telemetry,
  TelemetryStats,
  Trace,
  TracePage,
  TraceQuery,
  Traces,
  TraceSummary,
} from "./telemetry/telemetry.ts";
export type { HistoryAct, HistoryEntry, HistoryState, MessageHistory } from "./history.ts";
export { bridgeConsole } from "./telemetry/bridges/console.ts";
export type { ConsoleBridgeOptions } from "./telemetry/bridges/console.ts";
export { currentContext, runInContext } from "./telemetry/context.ts";
export type { FlowContext } from "./telemetry/context.ts";
export type {
  ConsumeOptions,
  Consumer,
  ConsumerStats,
  ErrorRule,
  FailureInfo,
  GroupOptions,
  Handler,
  HandlerContext,
  Held,
  HeldMessage,
  MessagesOptions,
  RetryPolicy,
  Settlement,
  StartPosition,
} from "./consuming.ts";
export type { Durability, PublishOptions, PublishResult, Receipt } from "./publishing.ts";
export type {
  ConnectOptions,
  DeadLetterEdit,
  DeadLetters,
  Groups,
  Notice,
  ReadOptions,
  RetentionPolicy,
  SeekResult,
  ServerHealth,
  Tide,
  TlsOptions,
} from "./tide.ts";
export type {
  Capabilities,
  ConsumerInfo,
  DeadLetter,
  DeadLetterFilter,
  DeadLetterGroup,
  DeadLetterPage,
  GroupInfo,
  LaneInfo,
  PendingEntry,
  PendingInfo,
  ReplayJob,
  StreamInfo,
  TopicSettings,
  WaitingRetry,
} from "./views.ts";
