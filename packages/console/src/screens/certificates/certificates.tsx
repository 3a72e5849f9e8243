/** What HTTPS is served with: names, how much of its life is left, what comes next; and the authority of this machine for development names. */
import type { JSX } from "preact";
import type { CertificatesAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { removeCertificate } from "./certificate-actions.tsx";
import { CertificateMark, Life } from "./certificate-marks.tsx";
import { certificates, pageOf } from "./certificate-path.ts";
import { authorityOf, isUnderWay, nextOf } from "./certificate-words.ts";
import { LocalAuthority } from "./local-authority.tsx";
import { RequestForm } from "./request-form.tsx";
import { UploadForm } from "./upload-form.tsx";

type Certificate = CertificatesAnswer["items"][number];

/** Milliseconds. */
const every = 5_000;

export function CertificatesScreen(): JSX.Element {
  const { data, problem, reload } = useResource<CertificatesAnswer>(certificates, every);
  const upload = query.value.get("upload");
  const replaced = data?.items.find((one) => one.cert_name === upload) ?? null;
  return (
    <>
      <div class="heading">
        <h1>Certificates</h1>
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ new: "certificate", upload: null })}>
            Get a certificate
          </button>
          <button type="button" class="button" onClick={() => setQuery({ upload: "new", new: null })}>
            Upload a certificate
          </button>
        </div>
      </div>
      {query.value.get("new") === "certificate" && <RequestForm close={() => setQuery({ new: null })} />}
      {upload !== null && data && <UploadForm key={upload} replaced={replaced} close={() => setQuery({ upload: null })} changed={reload} />}
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && data.items.length === 0 && (
        <Empty title="There is no certificate yet" command="npx tidegate cert create app.example.org --staging">
          Development names need none: this machine's own authority makes theirs. Any other host needs one that its visitors trust: have a
          CA issue it, and it is renewed by itself from then on.
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <Table label="Certificates" columns={columnsOf(reload)} rows={data.items} rowKey={(c) => c.cert_name} />
      )}
      <LocalAuthority />
    </>
  );
}

function columnsOf(changed: () => void): readonly Column<Certificate>[] {
  return [
    { label: "Certificate", lead: true, cell: (c) => <a href={pageOf(c.cert_name)}>{c.cert_name}</a> },
    { label: "Names", wide: true, cell: (c) => <code>{c.domains.join(" ")}</code> },
    { label: "State", cell: (c) => <CertificateMark certificate={c} /> },
    { label: "Life left", cell: (c) => <Life certificate={c} /> },
    { label: "Next", cell: (c) => <Next certificate={c} /> },
    {
      label: "From",
      cell: (c) => <span title={c.issuer ?? ""}>{c.origin === "acme" ? authorityOf(c) : `${authorityOf(c)} (${c.origin})`}</span>,
    },
    { label: "Actions", acts: true, cell: (c) => <Actions certificate={c} changed={changed} /> },
  ];
}

function Next({ certificate }: { certificate: Certificate }): JSX.Element {
  const words = nextOf(certificate, now.value);
  const { attempts, last_problem: problem } = certificate;
  if (attempts === 0 || problem === null || isUnderWay(certificate, now.value))
    return <span class={attempts === 0 ? "faint" : ""}>{words}</span>;
  return <span title={problem.detail}>{words}</span>;
}

function Actions({ certificate: { cert_name: name, request }, changed }: { certificate: Certificate; changed: () => void }): JSX.Element {
  return (
    <span class="row-actions">
      {request === null && (
        <button type="button" class="button" aria-label={`Replace ${name}`} onClick={() => setQuery({ upload: name, new: null })}>
          Replace
        </button>
      )}
      <button type="button" class="button danger-text" aria-label={`Delete ${name}`} onClick={() => void removeCertificate(name, changed)}>
        Delete
      </button>
    </span>
  );
}
