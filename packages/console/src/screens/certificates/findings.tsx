/** What preflight found, what is in the way first. */
import type { JSX } from "preact";
import type { PreflightAnswer } from "tidegate/contract";
import { Pill } from "../../parts/marks.tsx";

type Finding = PreflightAnswer["findings"][number];

export function Findings({ answer: { ready, findings } }: { answer: PreflightAnswer }): JSX.Element {
  const ranked = findings.toSorted((one, other) => rankOf(one) - rankOf(other));
  return (
    <section class="findings" aria-label="Preflight" aria-live="polite">
      <p>
        <strong>{ready ? "Nothing stands in the way." : "A CA could not issue it as things are."}</strong>{" "}
        <span class="faint">Nothing was ordered yet.</span>
      </p>
      <ul>
        {ranked.map((finding) => (
          <li key={`${finding.domain} ${finding.check} ${finding.message}`}>
            <Pill tone={(["bad", "warn", "good"] as const)[rankOf(finding)]}>{finding.check}</Pill>
            <span>
              {finding.message} {finding.hint !== "" && <span class="faint">{finding.hint}</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function rankOf({ ok, severity }: Finding): 0 | 1 | 2 {
  return ok ? 2 : severity === "error" ? 0 : 1;
}
