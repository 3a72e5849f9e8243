/** How long nothing may move. Slow clients are the business of `Inbound`: it knows whether their bytes are waited for. */
import type { TimeoutSpec } from "../../../routes/spec.ts";
import type { Answer } from "./answer.ts";
import type { Upload } from "./upload.ts";

/** Milliseconds; Infinity where the upstream is not to blame. */
export function longestSilence({ response, idle }: TimeoutSpec, upload: Upload, answer: Answer): number {
  if (answer.begun) return answer.timeless || answer.blocked ? Number.POSITIVE_INFINITY : idle;
  if (upload.ended) return response;
  return upload.blocked ? idle : Number.POSITIVE_INFINITY;
}
