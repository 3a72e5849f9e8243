/** What becomes of messages, as log entries: failures only, since successes are counted elsewhere. They belong to the message's trace. */
import { currentContext, runInContext, type Logger, type Settlement } from "@tidegate/streams";

export function logSettlement(logger: Logger, settled: Settlement): void {
  if (settled.outcome === "acked") return;
  const { traceparent } = settled.message;
  if (traceparent === null || currentContext()?.traceparent !== undefined) write(logger, settled);
  else runInContext({ traceparent }, write, logger, settled);
}

// Private

function write(logger: Logger, { message, group, outcome, duration, error }: Settlement): void {
  const { topic, type, messageId: message_id, retryCount } = message;
  const fields = {
    topic,
    group,
    type,
    message_id,
    attempt: retryCount + 1,
    duration_ms: Math.round(duration),
    ...(error === undefined ? {} : { error }),
  };
  if (outcome === "dead_lettered") logger.error(`${type} became a dead letter`, fields);
  else if (outcome === "retried") logger.warn(`${type} failed and will be tried again`, fields);
  else logger.warn(`${type} was finished after its lease had been lost`, fields);
}
