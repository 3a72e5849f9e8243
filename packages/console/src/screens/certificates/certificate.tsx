/** One certificate: why it is as it is and what comes next in one sentence, what that rests upon, and the stages of its last order. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { CertificateAnswer, CertificateExplanationAnswer, CertificateProblem } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { dateTime } from "../../format.ts";
import { Sign } from "../../parts/icons.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { quoted } from "../../shell.ts";
import { CertificateActions } from "./certificate-actions.tsx";
import { CertificateMark, Life } from "./certificate-marks.tsx";
import { certificatePath } from "./certificate-path.ts";
import { groundsOf, isUnderWay, moment } from "./certificate-words.ts";
import { OrderStages } from "./order-stages.tsx";

/** Milliseconds: while it is ordered, and else. */
const soon = 1_000;
const every = 10_000;

export function CertificateScreen({ name }: { name: string }): JSX.Element {
  const [pace, setPace] = useState(soon);
  const shown = useResource<CertificateAnswer>(certificatePath(name), pace);
  const explained = useResource<CertificateExplanationAnswer>(certificatePath(name, "explain"), pace);
  const { data: certificate, problem } = shown;
  const gone = problem?.status === 404;
  const wanted = gone ? 0 : certificate !== null && !isUnderWay(certificate, now.value) ? every : soon;
  if (wanted !== pace && (certificate !== null || gone)) setPace(wanted);
  const reload = () => {
    setPace(soon);
    shown.reload();
    explained.reload();
  };
  return (
    <>
      <div class="heading">
        <h1>
          <a href="/certificates">Certificates</a> <span aria-hidden="true">/</span> {name}{" "}
          {certificate && !gone && <CertificateMark certificate={certificate} />}
        </h1>
        {certificate && !gone && <CertificateActions certificate={certificate} changed={reload} />}
      </div>
      {gone ? <Gone name={name} /> : problem && <ProblemBox problem={problem} retry={reload} />}
      {!certificate && !problem && <Loading />}
      {certificate && !gone && <Present certificate={certificate} explanation={explained.data} />}
    </>
  );
}

interface PresentProps {
  certificate: CertificateAnswer;
  explanation: CertificateExplanationAnswer | null;
}

function Present({ certificate, explanation }: PresentProps): JSX.Element {
  return (
    <>
      {explanation && <p class="summary">{explanation.summary}</p>}
      {certificate.request && <LastAttempt certificate={certificate} />}
      {certificate.last_problem && <LastProblem problem={certificate.last_problem} />}
      <dl class="sentences panel">
        {[...factsOf(certificate), ...(explanation === null ? [] : groundsOf(explanation, now.value))].map(({ about, text }) => (
          <div key={about}>
            <dt>{about}</dt>
            <dd>{text}</dd>
          </div>
        ))}
        <div>
          <dt>Life left</dt>
          <dd>
            <Life certificate={certificate} />
          </dd>
        </div>
      </dl>
      {explanation && explanation.budget.length > 0 && <Limits budget={explanation.budget} />}
    </>
  );
}

function LastAttempt({ certificate }: { certificate: CertificateAnswer }): JSX.Element | null {
  const { trace_id: trace, began_at: began } = certificate;
  if (trace === null || began === null) return null;
  return (
    <section class="under-way" aria-label="Last order">
      <p class="faint">
        Last order {dateTime(began).slice(0, -4)} · <a href={`/traces/${trace}`}>its trace</a>
      </p>
      <OrderStages certificate={certificate} />
    </section>
  );
}

function LastProblem({ problem }: { problem: CertificateProblem }): JSX.Element {
  const { at, stage, ca, detail, type, subproblems, not_before } = problem;
  return (
    <div class="problem-box" role="alert">
      <Sign name="bad" />
      <div>
        <strong>{detail}</strong>
        {subproblems.length > 0 && (
          <ul>
            {subproblems.map((sub) => (
              <li key={`${sub.domain ?? ""} ${sub.detail}`}>
                {sub.domain !== null && <code>{sub.domain}</code>} {sub.detail}
              </li>
            ))}
          </ul>
        )}
        <p class="faint">
          The last attempt, {moment(at, now.value)}, at the stage {stage}
          {ca !== null && (
            <>
              {" "}
              at <code>{ca}</code>
            </>
          )}{" "}
          · <code>{type ?? problem.code}</code>
          {not_before !== null && ` · the CA asked to wait until ${moment(not_before, now.value)}`}
        </p>
      </div>
    </div>
  );
}

function Limits({ budget }: { budget: CertificateExplanationAnswer["budget"] }): JSX.Element {
  return (
    <section aria-label="Limits of the CA">
      <h2>Limits of the CA</h2>
      <ul class="limits panel">
        {budget.map(({ bucket, what, used, limit, again_at: again }) => (
          <li key={`${bucket} ${what}`}>
            <span class="life">
              <meter min={0} max={limit} high={limit * 0.8} optimum={0} value={used} aria-label={what} />
              {used} of {limit}
            </span>{" "}
            {what}
            {again !== null && <span class="faint">; room again {moment(again, now.value)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function factsOf(certificate: CertificateAnswer): { about: string; text: string }[] {
  const { domains, request, issuer, key_type: key, fingerprint, acme_directory_url: ca, email, owner, version } = certificate;
  const { issued_at: from, expires_at: end } = certificate;
  const wanted = request !== null && request.domains.toSorted().join() !== domains.toSorted().join();
  return [
    { about: "Domains", text: domains.join(", ") },
    ...(wanted ? [{ about: "Wanted", text: request.domains.join(", ") }] : []),
    ...(issuer === null ? [] : [{ about: "Issued by", text: `${issuer.replaceAll("\n", ", ")}${key === null ? "" : `; ${key}`}` }]),
    ...(from === null || end === null ? [] : [{ about: "Good", text: `${dateTime(from).slice(0, -7)} to ${dateTime(end).slice(0, -7)}` }]),
    ...(request === null
      ? []
      : [{ about: "CA", text: `${ca ?? "the configured ones, in turn"}; challenge ${request.challenge}; e-mail ${email ?? "none"}` }]),
    ...(fingerprint === null ? [] : [{ about: "Fingerprint", text: fingerprint }]),
    { about: "Kept", text: `By ${owner}, version ${version}.` },
  ];
}

function Gone({ name }: { name: string }): JSX.Element {
  return (
    <Empty title={`There is no certificate ${name}`} command={`npx tidegate cert create ${quoted(name)} --staging`}>
      Have one issued, or <a href="/certificates?upload=new">upload one</a>.
    </Empty>
  );
}
