/** The part of contract.ts about dead letters and the jobs that replay them. */
import type { DeadLetter, DeadLetterGroup, ReplayJob } from "@tidegate/streams";

/** `GET /api/v1/dead-letters?topic=&group=&event_type=&error_code=&signature=&from=&to=&text=&limit=&cursor=`, newest first. */
export interface DeadLettersAnswer {
  items: DeadLetter[];
  next: string | null;
  total: number;
}

/** `GET /api/v1/dead-letters/groups`, same filter. `GET /api/v1/dead-letters/export`, same filter: one `DeadLetter` per line. */
export interface DeadLetterGroupsAnswer {
  items: DeadLetterGroup[];
}

/**
 * Body of `POST /api/v1/dead-letters/replay` and `/discard`; `{}` is refused, `{ all: true }` means every one. `signature` is a
 * `DeadLetterGroup`'s, `from` and `to` are when they died, inclusive, `text` is a part of the error message or of the data.
 */
export interface DeadLetterSelection {
  ids?: string[];
  topic?: string;
  group?: string;
  event_type?: string;
  error_code?: string;
  signature?: string;
  from?: number;
  to?: number;
  text?: string;
  all?: boolean;
}

/** Body of `POST /api/v1/dead-letters/replay`; `edit` needs exactly one id. What it leaves out stays as it was. */
export interface ReplayRequest extends DeadLetterSelection {
  edit?: { type?: string; data?: unknown };
}

/** Body of `POST /api/v1/dead-letters/replay-jobs`; answers 202 with the `ReplayJob`. */
export interface ReplayJobRequest extends DeadLetterSelection {
  /** Letters a second; 0, the default, for as fast as it goes. */
  rate?: number;
}

/** `GET /api/v1/jobs`, newest first. `GET /api/v1/jobs/{id}` is one; `DELETE /api/v1/jobs/{id}` cancels it and answers it. */
export interface JobsAnswer {
  items: ReplayJob[];
}

export interface ReplayAnswer {
  replayed: number;
  /** Gone already, for example replayed by somebody else. */
  skipped: number;
}

export interface DiscardAnswer {
  discarded: number;
}
