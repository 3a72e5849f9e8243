export { connect } from "./open.ts";
export { ERROR_CODES, PublishUnknown, RetryAfter, TidegateError, Unrecoverable } from "./errors.ts";
export type { ErrorCode } from "./errors.ts";
export { PRIORITIES } from "./message/message.ts";
export type { AttemptRecord, Message, OutgoingMessage, Priority } from "./message/message.ts";
export { findInstance } from "./config.ts";
export type { InstanceFile } from "./config.ts";
export { currentContext, runInContext } from "./telemetry/context.ts";
export type { FlowContext } from "./telemetry/context.ts";
export type {
  ConnectOptions,
  ConsumeOptions,
  Consumer,
  ConsumerStats,
  DeadLetters,
  GroupOptions,
  Groups,
  Handler,
  HandlerContext,
  HeldMessage,
  MessagesOptions,
  Notice,
  PublishResult,
  ReadOptions,
  Receipt,
  RetentionPolicy,
  RetryPolicy,
  ServerHealth,
  Settlement,
  StartPosition,
  Tide,
} from "./tide.ts";
export type {
  ConsumerInfo,
  DeadLetter,
  DeadLetterFilter,
  DeadLetterGroup,
  DeadLetterPage,
  GroupInfo,
  LaneInfo,
  PendingEntry,
  PendingInfo,
  StreamInfo,
  WaitingRetry,
} from "./views.ts";
