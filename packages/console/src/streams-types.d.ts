/**
 * The contract names message types of the library; this keeps the type check to the files that hold those types, so that the console is never
 * checked with (or tempted to use) what exists only in Node.
 */
export type * from "../../streams/src/message/message.ts";
export type * from "../../streams/src/views.ts";
export type * from "../../streams/src/history.ts";
export type * from "../../streams/src/telemetry/telemetry.ts";
export type * from "../../streams/src/telemetry/record.ts";
