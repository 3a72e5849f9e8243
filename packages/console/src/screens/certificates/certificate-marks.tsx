/** State and life of a certificate, at a glance. */
import type { JSX } from "preact";
import type { CertificateRow } from "tidegate/contract";
import { now } from "../../clock.ts";
import { ago, dateTime, duration } from "../../format.ts";
import { Pill } from "../../parts/marks.tsx";
import { shareLeft, tones } from "./certificate-words.ts";

export function CertificateMark({ certificate: { status, stage, staging } }: { certificate: CertificateRow }): JSX.Element {
  const words = status.replace("_", " ");
  return (
    <>
      <Pill tone={tones[status]}>{stage === null ? words : `${words}: ${stage}`}</Pill>
      {staging && (
        <>
          {" "}
          <Pill tone="warn">staging</Pill>
        </>
      )}
    </>
  );
}

/** How much is left, of what it was issued for. */
export function Life({ certificate }: { certificate: Pick<CertificateRow, "issued_at" | "expires_at"> }): JSX.Element {
  const { expires_at: end } = certificate;
  const share = shareLeft(certificate, now.value);
  if (share === null || end === null) return <span class="faint">none yet</span>;
  const over = end <= now.value;
  return (
    <span class="life" title={dateTime(end)}>
      <meter min={0} max={1} low={0.15} high={0.3} optimum={1} value={share} aria-label="Share of its life left" />
      {over ? `ended ${ago(end, now.value)}` : `${Math.round(share * 100)} %, ${duration(end - now.value)}`}
    </span>
  );
}
