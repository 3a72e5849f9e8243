/**
 * An operation from where it is to its end, by whichever process has the lease: forward, and when that fails, back. The reason for going back is
 * noted down first, so that nobody tries to go forward again.
 */
import { GatewayError } from "../errors.ts";
import { deploy, startAgain } from "./deploy.ts";
import { remove, stop } from "./end.ts";
import { errorOf, failureOf } from "./failure.ts";
import { Interrupted } from "../store/held-lease.ts";
import type { Run } from "./run.ts";
import type { OperationKind } from "./spec.ts";
import { givenUp } from "./state.ts";
import { undo } from "./undo.ts";

/** Processes that may take an operation up before it is undone: it may be what kills them, but most often it only happens to be under way. */
const MOST_BEGUN = 6;

const FORWARD: Readonly<Record<OperationKind, (run: Run) => Promise<void>>> = {
  create: deploy,
  update: deploy,
  rollback: deploy,
  restart: (run) => (run.data.origin === "adopted" ? startAgain(run) : deploy(run)),
  start: startAgain,
  stop,
  delete: remove,
};

/** Rejects with the reason once everything is undone; with `Interrupted` when it goes on elsewhere or later. */
export async function perform(run: Run): Promise<void> {
  const cause = run.operation.failure === null ? await forward(run) : null;
  if (cause === DONE) return;
  const { failure } = run.operation;
  if (failure === null) throw new Interrupted("the failure was not noted down");
  try {
    await undo(run, failure);
  } catch (error) {
    if (error instanceof Interrupted || run.signal.aborted) throw error;
    // The way back is tried again; the reason for it stays the reason.
    run.place.tide.logger(`service.${run.name}`).warn("what failed is not undone yet, and is tried again", { error });
  }
  throw errorOf(failure, cause);
}

// Private

const DONE = Symbol("done");

async function forward(run: Run): Promise<unknown> {
  try {
    if (run.operation.begun > MOST_BEGUN) throw inVain(run);
    await FORWARD[run.operation.kind](run);
    return DONE;
  } catch (error) {
    if (error instanceof Interrupted || run.signal.aborted || run.data.operation === null) throw error;
    await run.commit(givenUp(run.data, await failureOf(run, error)));
    return error;
  }
}

function inVain(run: Run): GatewayError {
  const { kind, begun } = run.operation;
  return new GatewayError(
    "DOCKER_ERROR",
    `${kind} of ${run.name} was begun ${begun - 1} times, and each time its process ended before it was done`,
  );
}
