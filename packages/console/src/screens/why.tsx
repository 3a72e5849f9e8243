/** What a message or trace came to, told in sentences by the server, with the commands worth running next. */
import { useEffect } from "preact/hooks";
import type { JSX } from "preact";
import type { WhyAnswer } from "tidegate/contract";
import { useResource } from "../api.ts";
import { clock } from "../format.ts";
import { CopyCommand } from "../parts/copy.tsx";

/** `version`: asked anew when it changes. */
export function Why({ id, version = 0 }: { id: string; version?: number }): JSX.Element | null {
  const { data: why, reload } = useResource<WhyAnswer>(`/api/v1/why/${encodeURIComponent(id)}`);
  useEffect(() => {
    if (version > 0) reload();
  }, [version]);
  if (!why) return null;
  return (
    <section class="why panel" aria-label="Why">
      <h2>{why.verdict}</h2>
      <details>
        <summary>How it came to that</summary>
        <ol class="timeline">
          {why.steps.map((step, i) => (
            <li key={i} class={step.level}>
              <time>{clock(step.at)}</time> <span>{step.text}</span>{" "}
              {step.trace !== undefined && step.trace !== id && <a href={`/traces/${encodeURIComponent(step.trace)}`}>trace</a>}
            </li>
          ))}
        </ol>
        {why.next.map((command) => (
          <CopyCommand key={command} command={command} />
        ))}
      </details>
    </section>
  );
}
