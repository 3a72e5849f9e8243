/** The stages of the last attempt, from its trace, as they end. */
import type { JSX } from "preact";
import type { CertificateAnswer, CertificateStage, SpanRecord, TraceAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { spanTime } from "../../format.ts";
import { Sign } from "../../parts/icons.tsx";
import { stages } from "./certificate-words.ts";

/** Milliseconds after its end in which the last spans may still be stored. */
const late = 5_000;

export function OrderStages({ certificate }: { certificate: CertificateAnswer }): JSX.Element | null {
  const { trace_id: trace, stage, ended_at: over } = certificate;
  const every = stage !== null || (over !== null && now.value - over < late) ? 1_000 : 0;
  const { data } = useResource<TraceAnswer>(trace === null ? null : `/api/v1/traces/${trace}`, every);
  const ended = spansOf(data?.records ?? []);
  if (ended.length === 0 && stage === null) return null;
  return (
    <ol class="steps" aria-label="Stages of the last attempt">
      {ended.map(({ span, words }) => (
        <li key={span.spanId} class={span.status === "error" ? "bad" : "good"} title={span.error ?? ""}>
          <Sign name={span.status === "error" ? "bad" : "check"} />
          {words} <span>{spanTime((span.endedAt ?? 0) - span.startedAt)}</span>
        </li>
      ))}
      {stage !== null && <li class="runs">{wordsOf(stage)} …</li>}
    </ol>
  );
}

/** The whole attempt is called as one of its stages. */
function spansOf(records: readonly SpanRecord[]): { span: SpanRecord; words: string }[] {
  return records
    .flatMap((span) => {
      const stage = stages.find((one) => `certificate.${one.stage}` === span.name);
      return stage === undefined || span.parentId === null || span.endedAt === null ? [] : [{ span, words: stage.words }];
    })
    .toSorted((one, other) => (one.span.endedAt ?? 0) - (other.span.endedAt ?? 0));
}

function wordsOf(stage: CertificateStage): string {
  return stages.find((one) => one.stage === stage)?.words ?? stage;
}
