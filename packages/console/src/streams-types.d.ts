/**
 * The contract names message types of the library; this keeps the type check to those two files, so that the console is never
 * checked with (or tempted to use) what exists only in Node.
 */
export type * from "../../streams/src/tide.ts";
export type * from "../../streams/src/message/message.ts";
