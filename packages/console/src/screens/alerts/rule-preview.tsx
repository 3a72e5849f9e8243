/** What a rule would have done in the last 24 hours: asked for shortly after the last change, drawn with its threshold. */
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { AlertPreviewAnswer, AlertRuleRequest, Problem } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { Lines } from "../../charts/lines.tsx";
import { dateTime, duration, plural } from "../../format.ts";
import { ProblemBox } from "../../parts/notices.tsx";
import { Pill } from "../../parts/marks.tsx";
import { severityTones, unitOf } from "./alert-words.ts";

type Preview = AlertPreviewAnswer | { problem: Problem } | null;

const pause = 500;
const shownFirings = 8;

export function RulePreview({ request }: { request: AlertRuleRequest | null }): JSX.Element {
  const preview = usePreview(request);
  return (
    <section class="preview" aria-label="Preview of the last 24 hours">
      <h3>The last 24 hours</h3>
      {preview === null && <p class="faint">{request === null ? "Shown once the rule is complete." : "Trying it…"}</p>}
      {preview && "problem" in preview && <ProblemBox problem={preview.problem} />}
      {preview && !("problem" in preview) && request && <Shown preview={preview} request={request} />}
    </section>
  );
}

function usePreview(request: AlertRuleRequest | null): Preview {
  const [preview, setPreview] = useState<Preview>(null);
  const body = request === null ? null : JSON.stringify(request);
  useEffect(() => {
    if (body === null) return setPreview(null);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api<AlertPreviewAnswer>("POST", "/api/v1/alerts/rules/preview", JSON.parse(body), abort.signal).then(setPreview, (error: unknown) => {
        if (!abort.signal.aborted) setPreview({ problem: problemOf(error) });
      });
    }, pause);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [body]);
  return preview;
}

function Shown({ preview, request }: { preview: AlertPreviewAnswer; request: AlertRuleRequest }): JSX.Element {
  const { firings, series, limit } = preview;
  const { condition } = request;
  const threshold = condition.kind === "metric" && condition.baseline === undefined ? condition.value : null;
  return (
    <>
      <p>
        <strong>{firings.length === 0 ? "It would not have fired." : `It would have fired ${times(firings.length)}.`}</strong>{" "}
        {limit !== null && <span class="faint">{limit}</span>}
      </p>
      {series.length > 0 && <Lines label="Last 24 hours" series={series} threshold={threshold} unit={unitOf(condition)} marked={firings} />}
      {firings.length > 0 && (
        <ol class="timeline">
          {firings.slice(0, shownFirings).map((firing) => (
            <li key={`${firing.subject}${firing.from}`} class="warn">
              <time>{dateTime(firing.from).slice(0, -4)}</time>{" "}
              {firing.to === null ? "until now" : `for ${duration(firing.to - firing.from)}`}{" "}
              {firing.subject !== "" && <code>{firing.subject}</code>}{" "}
              <Pill tone={severityTones[firing.severity] ?? "quiet"}>{firing.severity}</Pill>
              {firing.peak !== null && <span class="faint"> at most {Number(firing.peak.toPrecision(4))}</span>}
            </li>
          ))}
          {firings.length > shownFirings && <li>and {plural(firings.length - shownFirings, "more", "more")}</li>}
        </ol>
      )}
    </>
  );
}

function times(n: number): string {
  return n === 1 ? "once" : n === 2 ? "twice" : `${n} times`;
}
